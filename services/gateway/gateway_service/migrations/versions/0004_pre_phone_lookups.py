"""Who looked which phone number up."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE IF NOT EXISTS phone_lookups (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  subject text NOT NULL,
  phone_tail text NOT NULL, -- the last four digits
  phone_digest bytea NOT NULL,
  found int NOT NULL
);
CREATE INDEX IF NOT EXISTS phone_lookups_subject ON phone_lookups (subject, at); -- who asked how often
"""


def upgrade() -> None:
    """Add only."""
    op.execute(TABLES)
