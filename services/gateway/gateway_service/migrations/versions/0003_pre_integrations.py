"""Other systems and the tokens they hold."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
CREATE TABLE IF NOT EXISTS integrations (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  scopes text[] NOT NULL,
  token_digest bytea NOT NULL UNIQUE,
  created_by text NOT NULL, created_at timestamptz NOT NULL,
  revoked_at timestamptz
);
"""


def upgrade() -> None:
    """Add only."""
    op.execute(TABLES)
