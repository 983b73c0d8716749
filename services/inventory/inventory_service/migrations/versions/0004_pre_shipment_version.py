"""Shipments change: carrier and tracking numbers come when the carrier tells them."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    op.execute("ALTER TABLE shipment ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 1")
