"""The rule of near due dates as data, every version of it; and what an order was asked by (S25)."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add only: the code before this goes on with three days."""
    op.execute("""
        CREATE TABLE capacity_rule (
          version bigint PRIMARY KEY CHECK (version > 0),
          days int NOT NULL CHECK (days >= 0), -- 0: no date needs a confirmation
          counted text NOT NULL, -- calendar working
          reason text NOT NULL, changed_by text NOT NULL, changed_at timestamptz NOT NULL
        );
        -- The days of the rule when the order was entered, or last asked for a capacity.
        ALTER TABLE customer_order ADD COLUMN capacity_notice_days int NOT NULL DEFAULT 3;
    """)
