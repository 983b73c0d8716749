"""A channel has a name that an administrator gives it (S16)."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add only: the code before this goes on without names."""
    op.execute("ALTER TABLE channel ADD COLUMN name text NOT NULL DEFAULT ''")
