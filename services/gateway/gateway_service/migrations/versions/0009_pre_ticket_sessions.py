"""A ticket for the stream remembers whose session it came from, so that the stream ends with it."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add only: the code before this goes on working; its tickets live a minute."""
    op.execute("ALTER TABLE stream_tickets ADD COLUMN IF NOT EXISTS session text NOT NULL DEFAULT ''")
