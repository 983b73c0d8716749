"""Reservation lines count their changes: who hears of one twice knows which word is newer."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    op.execute("ALTER TABLE reservation_line ADD COLUMN IF NOT EXISTS revision int NOT NULL DEFAULT 1")
