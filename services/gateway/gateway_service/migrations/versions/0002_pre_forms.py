"""Public order forms behind a QR code."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE forms (
  code text PRIMARY KEY,
  label text NOT NULL,
  sales_owner text NOT NULL DEFAULT '',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX forms_created_at ON forms (created_at DESC, code DESC); -- the list, newest first
"""


def upgrade() -> None:
    op.execute(TABLES)
