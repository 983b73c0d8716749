"""Bulk plan jobs, and which claims inventory has answered.

Revision ID: 0002_pre_jobs
"""

from alembic import op

revision = "0002_pre_jobs"
down_revision = "0001_pre_start"

STATEMENTS = """
ALTER TABLE component ADD COLUMN answered boolean NOT NULL DEFAULT false;
CREATE INDEX component_unanswered ON component (order_number) WHERE NOT answered; -- plans inventory has not heard of yet
ALTER TABLE production_order ADD COLUMN rank_reason text;
CREATE INDEX production_order_item ON production_order (item_code, due_date) WHERE live; -- what is on its way

CREATE TABLE plan_job (
  id uuid PRIMARY KEY, who text NOT NULL, started_at timestamptz NOT NULL, finished_at timestamptz, claimed_until timestamptz
);
CREATE INDEX plan_job_open ON plan_job (started_at) WHERE finished_at IS NULL; -- the runner's next job
CREATE TABLE plan_job_order (
  job_id uuid NOT NULL REFERENCES plan_job, position int NOT NULL, order_key text NOT NULL, result text, reason text,
  unplanned jsonb NOT NULL DEFAULT '[]', shortage_count int NOT NULL DEFAULT 0, PRIMARY KEY (job_id, position)
);
CREATE INDEX plan_job_order_open ON plan_job_order (job_id, position) WHERE result IS NULL; -- where the runner goes on
"""


def upgrade() -> None:
    """Add the tables and columns."""
    op.execute(STATEMENTS)
