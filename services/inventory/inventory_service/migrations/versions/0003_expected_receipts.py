"""What suppliers have promised to bring."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE expected_receipt (
          id uuid NOT NULL UNIQUE, number text PRIMARY KEY, item_code text NOT NULL,
          quantity numeric(18,6) NOT NULL, received numeric(18,6) NOT NULL DEFAULT 0,
          due_date date NOT NULL, supplier text NOT NULL DEFAULT '', reference text NOT NULL DEFAULT '', note text NOT NULL DEFAULT '',
          cancelled boolean NOT NULL DEFAULT false, actor text NOT NULL, created_at timestamptz NOT NULL,
          version bigint NOT NULL DEFAULT 1,
          CONSTRAINT quantity_positive CHECK (quantity > 0), CONSTRAINT received_not_negative CHECK (received >= 0)
        );
        CREATE INDEX expected_receipt_due ON expected_receipt (due_date, number); -- the list, earliest due first
        CREATE INDEX expected_receipt_open ON expected_receipt (item_code, due_date, number)
          WHERE NOT cancelled AND received < quantity; -- what is still to come of an item
        CREATE SEQUENCE expected_receipt_number;
    """)
