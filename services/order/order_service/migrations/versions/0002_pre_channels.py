"""Channels can be taken out of use (S16)."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE channel ADD COLUMN active boolean NOT NULL DEFAULT true")
