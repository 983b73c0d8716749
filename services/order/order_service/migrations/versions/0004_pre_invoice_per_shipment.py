"""Invoice tasks of single shipments, by the customer's policy (S55, S59)."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE customer ADD COLUMN invoice_policy text NOT NULL DEFAULT 'when_complete'
          CHECK (invoice_policy IN ('when_complete', 'per_shipment'));
        ALTER TABLE invoice_task ADD COLUMN shipment_number text NOT NULL DEFAULT ''; -- '' = the order, or its rest
        ALTER TABLE invoice_task DROP CONSTRAINT invoice_task_order_id_key,
          ADD CONSTRAINT invoice_task_once UNIQUE (order_id, shipment_number); -- S55: each exactly once

        -- From which shipments returned goods came, newest first; the rest of a return waits for its shipment.
        CREATE TABLE return_share (
          return_number text NOT NULL, order_id uuid NOT NULL REFERENCES customer_order, line_no int NOT NULL,
          shipment_number text NOT NULL REFERENCES shipment, quantity numeric(18,6) NOT NULL CHECK (quantity > 0),
          PRIMARY KEY (order_id, line_no, return_number, shipment_number)
        );
        -- What stays with the customer of each shipment, and what its own task invoiced of it.
        CREATE VIEW shipment_part AS
        SELECT l.order_id, l.line_no, l.shipment_number, s.shipped_at, t.id AS task_id,
          l.quantity - coalesce(
            (SELECT sum(r.quantity) FROM return_share r
             WHERE r.order_id = l.order_id AND r.line_no = l.line_no AND r.shipment_number = l.shipment_number), 0) AS kept,
          coalesce((SELECT sum(i.quantity) FROM invoice_line i WHERE i.task_id = t.id AND i.line_no = l.line_no), 0) AS invoiced
        FROM shipment_line l JOIN shipment s ON s.number = l.shipment_number
        LEFT JOIN invoice_task t ON t.order_id = l.order_id AND t.shipment_number = l.shipment_number
        WHERE l.told;
    """)
