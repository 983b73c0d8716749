"""A form's own goods, what customers see of a salesperson, and what was refused."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
ALTER TABLE forms ADD COLUMN item_codes text[] NOT NULL DEFAULT '{}'; -- empty: everything the factory makes
ALTER TABLE forms ADD COLUMN version bigint NOT NULL DEFAULT 1;
CREATE TABLE profiles (
  username text PRIMARY KEY,
  signature text NOT NULL DEFAULT '',
  avatar bytea,
  avatar_type text NOT NULL DEFAULT '',
  version bigint NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL
);
CREATE TABLE refusals (
  id uuid PRIMARY KEY,
  source text NOT NULL CHECK (source IN ('form', 'bom_import')),
  ref text NOT NULL, -- the form's code, the file's name
  label text NOT NULL,
  owner text NOT NULL DEFAULT '', -- the salesperson it concerns
  who text NOT NULL,
  fingerprint text NOT NULL, -- the same thing refused again is the same row
  status int NOT NULL,
  reason text NOT NULL,
  params jsonb NOT NULL,
  fields jsonb NOT NULL,
  sent jsonb NOT NULL,
  times int NOT NULL DEFAULT 1,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  closed_at timestamptz,
  closed_by text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX refusals_same ON refusals (source, ref, fingerprint); -- telling a repetition
CREATE INDEX refusals_last_at ON refusals (last_at DESC, id DESC); -- the list and forgetting
CREATE INDEX refusals_open_phone ON refusals (ref, (sent->>'phone')) WHERE closed_at IS NULL; -- a later order closes it
"""


def upgrade() -> None:
    """Add only."""
    op.execute(TABLES)
