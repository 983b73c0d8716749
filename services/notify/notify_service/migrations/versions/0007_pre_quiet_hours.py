"""Quiet hours of recipients: a person's own, a role's, a customer's."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE IF NOT EXISTS quiet_hours (
  recipient text PRIMARY KEY, -- a user name, a role or a customer id
  names text[] NOT NULL DEFAULT '{}', -- what else messages call the same person
  quiet_from time, quiet_to time, -- both null: none any more
  version bigint NOT NULL DEFAULT 1,
  changed_at timestamptz NOT NULL, changed_by text NOT NULL
);
ALTER TABLE notification
  ADD COLUMN IF NOT EXISTS quiet_until timestamptz; -- it waited, or waits, for quiet hours to end
CREATE INDEX IF NOT EXISTS notification_resting ON notification (recipient)
  WHERE state = 'pending' AND quiet_until IS NOT NULL; -- what waits when somebody changes their quiet hours
"""


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    op.execute(TABLES)
