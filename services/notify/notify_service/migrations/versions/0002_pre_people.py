"""Where people are reached, and whether operations were told of a stuck message."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
-- Where a person is reached in a kind of channel, for example the openid of a customer.
CREATE TABLE IF NOT EXISTS recipient_address (
  kind text NOT NULL, recipient text NOT NULL, address text NOT NULL, PRIMARY KEY (kind, recipient)
);
ALTER TABLE notification
  ADD COLUMN IF NOT EXISTS address text NOT NULL DEFAULT '',        -- where the recipient is reached, when not the channel itself
  ADD COLUMN IF NOT EXISTS alarmed boolean NOT NULL DEFAULT false;  -- operations were told that it is stuck
CREATE INDEX IF NOT EXISTS notification_stuck ON notification (id)
  WHERE state IN ('held','uncertain') AND NOT alarmed; -- the search for what operations must hear of
"""


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    op.execute(TABLES)
