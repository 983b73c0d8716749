"""Complaints of customers, order by order (S2, S88)."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table."""
    op.execute("""
        CREATE TABLE complaint (
          id uuid PRIMARY KEY, order_id uuid NOT NULL REFERENCES customer_order, kind text NOT NULL, text text NOT NULL,
          stage text NOT NULL DEFAULT '', complained_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
          recorded_by text NOT NULL, closed_at timestamptz, closed_by text NOT NULL DEFAULT '',
          resolution text NOT NULL DEFAULT '', CHECK ((closed_at IS NULL) = (closed_by = ''))
        );
        CREATE INDEX complaint_order ON complaint (order_id); -- an order's complaints, and the rate of a period
        CREATE INDEX complaint_open ON complaint (id DESC) WHERE closed_at IS NULL; -- what waits for an answer
    """)
