"""Phone look-ups are written and read, and leave through one door when they are old."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE INDEX IF NOT EXISTS phone_lookups_at ON phone_lookups (at); -- forgetting
CREATE OR REPLACE FUNCTION forget_phone_lookups(before timestamptz, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE gone int;
BEGIN
  DELETE FROM phone_lookups WHERE id IN (
    SELECT id FROM phone_lookups WHERE at < least(before, now() - interval '30 days') LIMIT most FOR UPDATE SKIP LOCKED
  );
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
"""


def upgrade() -> None:
    """Add only."""
    op.execute(TABLES)
