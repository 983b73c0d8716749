"""The first tables: customers, item copies, orders, goods moved, invoices, timeline."""

from alembic import op

from chassis.schema import create_chassis_tables

revision = "0001"
down_revision = None

CUSTOMERS = """
CREATE TABLE channel (code text PRIMARY KEY);
INSERT INTO channel (code) VALUES ('wechat'), ('phone'), ('web'), ('sales_app'), ('email'), ('api');

CREATE TABLE customer (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  pinyin text NOT NULL,           -- initials of the name, lower case, for search
  tier text NOT NULL DEFAULT '',
  credit_code text NOT NULL DEFAULT '',
  version bigint NOT NULL DEFAULT 1,
  merged_into uuid REFERENCES customer,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL
);
CREATE UNIQUE INDEX customer_credit_code ON customer (credit_code) WHERE credit_code <> '' AND merged_into IS NULL; -- S8
CREATE TABLE customer_contact (
  customer_id uuid NOT NULL REFERENCES customer, position int NOT NULL, name text NOT NULL, phone text NOT NULL,
  PRIMARY KEY (customer_id, position)
);
-- A phone belongs to one customer (S8); several contacts of that customer may share it.
CREATE TABLE customer_phone (phone text PRIMARY KEY, customer_id uuid NOT NULL REFERENCES customer);
CREATE INDEX customer_phone_customer ON customer_phone (customer_id); -- contacts replaced or merged

CREATE TABLE item_copy (
  code text PRIMARY KEY, name text NOT NULL, unit text NOT NULL, whole_units boolean NOT NULL, active boolean NOT NULL,
  version bigint NOT NULL, aliases text[] NOT NULL, units jsonb NOT NULL
);
CREATE INDEX item_copy_aliases ON item_copy USING gin (aliases); -- an entered alias finds its item
"""

ORDERS = """
CREATE SEQUENCE order_number;
CREATE TABLE customer_order (
  id uuid PRIMARY KEY,
  number text NOT NULL UNIQUE,
  customer_id uuid NOT NULL REFERENCES customer,
  entered_customer_id uuid NOT NULL, -- as entered; a merge moves customer_id only
  contact_name text NOT NULL, contact_phone text NOT NULL,
  channel text NOT NULL REFERENCES channel,
  source_ref text NOT NULL,
  due_date date NOT NULL,
  urgency text NOT NULL CHECK (urgency IN ('red', 'yellow', 'green')),
  sales_owner text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('firm', 'intent')),
  ship_on_receipt boolean NOT NULL,
  note text NOT NULL,
  attachment_ids text[] NOT NULL,
  confirm_requested boolean NOT NULL,
  capacity_required boolean NOT NULL,
  capacity_confirmed_at timestamptz, capacity_note text NOT NULL DEFAULT '',
  duplicate_of text NOT NULL DEFAULT '', duplicate_released_at timestamptz,
  confirmed_at timestamptz, planned_at timestamptz, started_at timestamptz, fully_shipped_at timestamptz,
  held_at timestamptz, cancelled_at timestamptz,
  reason text NOT NULL DEFAULT '',
  -- A cache of domain/lifecycle.py over the facts of this row and its lines, rewritten with them in the same
  -- transaction; adapters/self_check.py proves it.
  state text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  token_epoch int NOT NULL DEFAULT 0,
  content_hash text NOT NULL,
  traceparent text NOT NULL,
  created_at timestamptz NOT NULL, created_by text NOT NULL, updated_at timestamptz NOT NULL
) WITH (fillfactor=85);
-- X5: one order per (customer, channel, original number); a cancelled one may be entered again.
CREATE UNIQUE INDEX customer_order_source ON customer_order (entered_customer_id, source_ref, channel)
  WHERE source_ref <> '' AND cancelled_at IS NULL;
CREATE INDEX customer_order_twin ON customer_order (customer_id, source_ref) WHERE source_ref <> ''; -- X5, X6
CREATE INDEX customer_order_content ON customer_order (customer_id, content_hash, created_at); -- X7: same order again
CREATE INDEX customer_order_state ON customer_order (state, id DESC); -- list by state, newest first
CREATE INDEX customer_order_customer ON customer_order (customer_id, id DESC); -- list by customer, merge
CREATE INDEX customer_order_due ON customer_order (due_date); -- list due before
CREATE INDEX customer_order_number_like ON customer_order (number text_pattern_ops); -- search by start of number
CREATE INDEX customer_order_source_like ON customer_order (source_ref text_pattern_ops); -- search by original number
CREATE INDEX customer_order_phone ON customer_order (contact_phone); -- search by phone
CREATE INDEX customer_order_created ON customer_order (created_at); -- lead times of a period

CREATE TABLE order_line (
  order_id uuid NOT NULL REFERENCES customer_order, line_no int NOT NULL,
  item_code text NOT NULL, item_name text NOT NULL,
  quantity numeric(18,6) NOT NULL CHECK (quantity > 0),
  unit text NOT NULL, due_date date NOT NULL, due_date_inherited boolean NOT NULL,
  unit_price numeric(18,6) CHECK (unit_price >= 0),
  entered_quantity numeric(18,6) NOT NULL, entered_unit text NOT NULL,
  planned_quantity numeric(18,6) NOT NULL DEFAULT 0, received_quantity numeric(18,6) NOT NULL DEFAULT 0,
  shipped_quantity numeric(18,6) NOT NULL DEFAULT 0, returned_quantity numeric(18,6) NOT NULL DEFAULT 0,
  invoiced_quantity numeric(18,6) NOT NULL DEFAULT 0, signed_quantity numeric(18,6) NOT NULL DEFAULT 0,
  cancelled_quantity numeric(18,6) NOT NULL DEFAULT 0 CHECK (cancelled_quantity BETWEEN 0 AND quantity),
  PRIMARY KEY (order_id, line_no),
  CHECK (received_quantity >= 0 AND shipped_quantity >= 0 AND returned_quantity >= 0 AND signed_quantity >= 0)
) WITH (fillfactor=85);
CREATE INDEX order_line_item ON order_line (item_code, order_id); -- search and lead times by item

CREATE TABLE timeline (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES customer_order, at timestamptz NOT NULL, actor text NOT NULL,
  what text NOT NULL, params jsonb NOT NULL
);
CREATE INDEX timeline_order ON timeline (order_id, id); -- the timeline of one order

-- One row per order: the stage events of S76 (dispatched beside them), unset while never recorded.
CREATE TABLE order_milestones (
  order_id uuid PRIMARY KEY REFERENCES customer_order,
  inquiry timestamptz, first_quote timestamptz, confirmed timestamptz, released timestamptz, dispatched timestamptz,
  first_operation_started timestamptz, last_operation_finished timestamptz, inspection_passed timestamptz,
  received timestamptz, shipped timestamptz, signed timestamptz
) WITH (fillfactor=80);
CREATE TABLE order_shortage (
  order_id uuid NOT NULL REFERENCES customer_order, demand text NOT NULL, item_code text NOT NULL,
  raised_at timestamptz NOT NULL, cleared_at timestamptz,
  PRIMARY KEY (order_id, demand, item_code)
);
"""

GOODS = """
-- Facts told by inventory; the quantities of order_line are their sums.
CREATE TABLE receipt (
  number text PRIMARY KEY, order_id uuid NOT NULL REFERENCES customer_order, line_no int NOT NULL,
  quantity numeric(18,6) NOT NULL, received_at timestamptz NOT NULL, actor text NOT NULL
);
CREATE INDEX receipt_order ON receipt (order_id); -- totals of one order
CREATE TABLE shipment (
  number text PRIMARY KEY, id text NOT NULL UNIQUE, carrier text NOT NULL, tracking_numbers text[] NOT NULL,
  shipped_at timestamptz NOT NULL, signed_at timestamptz, signed_by text NOT NULL DEFAULT ''
);
CREATE INDEX shipment_tracking ON shipment USING gin (tracking_numbers); -- search by tracking number
CREATE TABLE shipment_line (
  shipment_number text NOT NULL REFERENCES shipment, order_id uuid NOT NULL REFERENCES customer_order, line_no int NOT NULL,
  item_code text NOT NULL, quantity numeric(18,6) NOT NULL, unit text NOT NULL, actor text NOT NULL,
  told boolean NOT NULL, -- GoodsShipped has come; a line only asked for (to sign) does not count yet
  PRIMARY KEY (shipment_number, order_id, line_no)
);
CREATE INDEX shipment_line_order ON shipment_line (order_id); -- totals and shipments of one order
CREATE TABLE goods_return (
  number text NOT NULL, order_id uuid NOT NULL REFERENCES customer_order, line_no int NOT NULL,
  quantity numeric(18,6) NOT NULL, reason text NOT NULL, returned_at timestamptz NOT NULL, actor text NOT NULL,
  PRIMARY KEY (number, order_id, line_no)
);
CREATE INDEX goods_return_order ON goods_return (order_id); -- totals of one order

CREATE TABLE invoice_task (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL UNIQUE REFERENCES customer_order, -- S55: exactly one
  state text NOT NULL CHECK (state IN ('open', 'done')),
  opened_at timestamptz NOT NULL, closed_at timestamptz
);
CREATE INDEX invoice_task_state ON invoice_task (state, id DESC); -- list by state, newest first
CREATE TABLE invoice (
  task_id uuid NOT NULL REFERENCES invoice_task, invoice_no text NOT NULL, order_id uuid NOT NULL REFERENCES customer_order,
  recorded_at timestamptz NOT NULL, actor text NOT NULL,
  PRIMARY KEY (task_id, invoice_no)
);
CREATE TABLE invoice_line (
  task_id uuid NOT NULL, invoice_no text NOT NULL, order_id uuid NOT NULL, line_no int NOT NULL,
  quantity numeric(18,6) NOT NULL,
  PRIMARY KEY (task_id, invoice_no, line_no), FOREIGN KEY (task_id, invoice_no) REFERENCES invoice
);
CREATE INDEX invoice_line_order ON invoice_line (order_id); -- totals of one order
CREATE INDEX shipment_shipped_at ON shipment (shipped_at); -- reconciliation of a month
CREATE INDEX invoice_recorded_at ON invoice (recorded_at); -- reconciliation of a month
CREATE INDEX goods_return_at ON goods_return (returned_at); -- reconciliation of a month
"""


def upgrade() -> None:
    create_chassis_tables(op)
    for tables in (CUSTOMERS, ORDERS, GOODS):
        op.execute(tables)
