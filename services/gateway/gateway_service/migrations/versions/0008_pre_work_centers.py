"""Team leaders are bound to work centres."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    op.execute("ALTER TABLE users ADD COLUMN IF NOT EXISTS work_centers text[] NOT NULL DEFAULT '{}'")  # none: anywhere
