"""Tokens of other systems end and are bound to places; tokens of scanners are renewed."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
ALTER TABLE integrations
  ADD COLUMN IF NOT EXISTS expires_at timestamptz, -- null: made before tokens ended
  ADD COLUMN IF NOT EXISTS addresses text[] NOT NULL DEFAULT '{}', -- networks it may call from; empty: any
  ADD COLUMN IF NOT EXISTS last_used_at timestamptz; -- to the hour
ALTER TABLE devices
  ADD COLUMN IF NOT EXISTS token_until timestamptz, -- null: not enrolled
  ADD COLUMN IF NOT EXISTS former_digest bytea UNIQUE, -- the token before, good until the answer with the new one arrived
  ADD COLUMN IF NOT EXISTS former_until timestamptz;
UPDATE devices SET token_until = now() + interval '90 days' WHERE enrolled_at IS NOT NULL AND token_until IS NULL;
"""


def upgrade() -> None:
    """Add only; scanners enrolled before have their ninety days from now on."""
    op.execute(TABLES)
