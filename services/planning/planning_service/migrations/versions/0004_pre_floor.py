"""Changes the floor acknowledges, and the floor's settings.

Revision ID: 0004_pre_floor
"""

from alembic import op

revision = "0004_pre_floor"
down_revision = "0003_pre_scans"

STATEMENTS = """
CREATE TABLE floor_change (
  id uuid PRIMARY KEY, production_order_number text NOT NULL REFERENCES production_order, kind text NOT NULL,
  before text NOT NULL, after text NOT NULL, unit text NOT NULL DEFAULT '', raised_at timestamptz NOT NULL, raised_by text NOT NULL,
  acknowledged_at timestamptz, acknowledged_by text, escalated_at timestamptz
);
CREATE UNIQUE INDEX floor_change_pending ON floor_change (production_order_number, kind) WHERE acknowledged_at IS NULL; -- what waits
CREATE INDEX floor_change_late ON floor_change (raised_at) WHERE acknowledged_at IS NULL AND escalated_at IS NULL; -- escalation

CREATE TABLE floor_setting (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), scan_policy text NOT NULL, bounce_seconds int NOT NULL,
  acknowledge_minutes int NOT NULL, version bigint NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL
);
"""


def upgrade() -> None:
    """Add the tables."""
    op.execute(STATEMENTS)
