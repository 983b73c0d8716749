"""Soft reservations of intent orders: held until they expire."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE reservation_line ADD COLUMN expires_at timestamptz")  # NULL: firm
    op.execute("""
        CREATE INDEX reservation_line_expiring ON reservation_line (expires_at) -- the sweep of soft holds
        WHERE expires_at IS NOT NULL AND is_open
    """)
