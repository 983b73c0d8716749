"""Webhooks carry the event itself, for receivers that are systems."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    op.execute("ALTER TABLE notification ADD COLUMN IF NOT EXISTS event jsonb")  # the event's data; webhooks only
