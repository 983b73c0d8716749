"""Users, sessions, devices, stream tickets, attachments, and the chassis's tables."""

from alembic import op

from chassis.schema import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE users (
  username text PRIMARY KEY CHECK (username ~ '^[a-z0-9][a-z0-9._-]{1,63}$'),
  display_name text NOT NULL,
  password_hash text NOT NULL,
  roles text[] NOT NULL,
  active boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  username text NOT NULL REFERENCES users,
  opened_at timestamptz NOT NULL,
  used_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX sessions_username ON sessions (username) WHERE revoked_at IS NULL; -- end every session of a user
CREATE INDEX sessions_opened_at ON sessions (opened_at); -- the sweep of what is over

CREATE TABLE refresh_tokens (
  digest bytea PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
  issued_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id); -- the cascade of the sweep

CREATE TABLE devices (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  station text NOT NULL DEFAULT '',
  code_digest bytea UNIQUE,
  code_expires_at timestamptz NOT NULL,
  token_digest bytea UNIQUE,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  enrolled_at timestamptz,
  revoked_at timestamptz,
  last_seen_at timestamptz
);

CREATE TABLE stream_tickets (
  digest bytea PRIMARY KEY,
  subject text NOT NULL,
  kind text NOT NULL,
  roles text[] NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE attachments (
  id uuid PRIMARY KEY,
  file_name text NOT NULL,
  media_type text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    create_chassis_tables(op)
    op.execute(TABLES)
