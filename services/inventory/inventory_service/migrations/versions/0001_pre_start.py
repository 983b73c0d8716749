"""Stock balances, reservations, the ledger, documents, and copies of what other services own."""

from alembic import op

from chassis.schema import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE item_copy (
  item_code text PRIMARY KEY, name text NOT NULL, unit text NOT NULL, whole_units boolean NOT NULL,
  safety_stock numeric(18,6) NOT NULL DEFAULT 0, units jsonb NOT NULL DEFAULT '{}', version bigint NOT NULL
);

-- The stock row is the mutex of everything about its item: nobody changes reservation lines, receivables or shippables
-- of an item without holding it (reliability.md 4.1). fillfactor keeps updates in the page.
CREATE TABLE stock (
  item_code text PRIMARY KEY,
  on_hand numeric(18,6) NOT NULL DEFAULT 0,
  reserved numeric(18,6) NOT NULL DEFAULT 0,
  quarantined numeric(18,6) NOT NULL DEFAULT 0,
  safety_stock numeric(18,6) NOT NULL DEFAULT 0,
  CONSTRAINT on_hand_not_negative CHECK (on_hand >= 0),
  CONSTRAINT reserved_not_negative CHECK (reserved >= 0),
  CONSTRAINT quarantined_not_negative CHECK (quarantined >= 0),
  CONSTRAINT no_oversell CHECK (reserved + quarantined <= on_hand)
) WITH (fillfactor = 50);

CREATE TABLE reservation_line (
  production_order_number text NOT NULL, -- empty: held for the order line itself
  order_number text NOT NULL,
  line_no int NOT NULL,
  item_code text NOT NULL,
  unit text NOT NULL,
  need numeric(18,6) NOT NULL,
  got numeric(18,6) NOT NULL,
  issued numeric(18,6) NOT NULL,
  planner_rank int NOT NULL, -- 2147483647: none
  urgency smallint NOT NULL, -- 0 red, 1 yellow, 2 green
  due_date date NOT NULL, -- 9999-12-31: none
  seq bigint GENERATED ALWAYS AS IDENTITY,
  is_open boolean NOT NULL,
  asked boolean NOT NULL, -- a plan asked for it; false: made goods waiting for their shipment
  traceparent text NOT NULL,
  PRIMARY KEY (production_order_number, order_number, line_no, item_code),
  CONSTRAINT need_not_negative CHECK (need >= 0),
  CONSTRAINT got_within_need CHECK (got >= 0 AND got <= need),
  CONSTRAINT issued_within_got CHECK (issued >= 0 AND issued <= got),
  CONSTRAINT closed_holds_nothing CHECK (is_open OR got = issued)
) WITH (fillfactor = 70);
-- reallocation: the hungry lines of an item, most pressing first
CREATE INDEX reservation_line_hungry ON reservation_line (item_code, planner_rank, urgency, due_date, seq)
  WHERE is_open AND got < need;
-- who holds an item: trimming, ListReservations
CREATE INDEX reservation_line_held ON reservation_line (item_code) WHERE got > issued;
-- everything of one order: cancel, change, ListReservations
CREATE INDEX reservation_line_order ON reservation_line (order_number);

CREATE TABLE stock_movement (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  movement_id text NOT NULL,
  item_code text NOT NULL,
  kind text NOT NULL,
  quantity numeric(18,6) NOT NULL, -- signed; sum per item = on_hand
  ref text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  actor text NOT NULL,
  at timestamptz NOT NULL,
  CONSTRAINT movement_once UNIQUE (movement_id, item_code, kind)
);
CREATE INDEX stock_movement_item ON stock_movement (item_code, id DESC); -- ledger of one item, newest first

CREATE TABLE receivable (
  number text PRIMARY KEY,
  id text NOT NULL DEFAULT '',
  order_number text NOT NULL,
  line_no int NOT NULL,
  parent_number text NOT NULL DEFAULT '',
  item_code text NOT NULL,
  unit text NOT NULL,
  planned numeric(18,6) NOT NULL,
  good numeric(18,6), -- total after the last operation; NULL while it runs
  passed numeric(18,6) NOT NULL DEFAULT 0,
  scrapped numeric(18,6) NOT NULL DEFAULT 0,
  received numeric(18,6) NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'open', -- open cancelled closed_short
  traceparent text NOT NULL DEFAULT '',
  CONSTRAINT received_not_negative CHECK (received >= 0)
) WITH (fillfactor = 70);
CREATE INDEX receivable_id ON receivable (id) WHERE id <> ''; -- receipt by id

CREATE TABLE order_copy (
  number text PRIMARY KEY,
  id text NOT NULL DEFAULT '',
  state text NOT NULL,
  urgency text NOT NULL DEFAULT 'green',
  ship_on_receipt boolean NOT NULL DEFAULT false,
  traceparent text NOT NULL DEFAULT ''
);
CREATE INDEX order_copy_id ON order_copy (id) WHERE id <> ''; -- shipment by order id

CREATE TABLE shippable (
  order_number text NOT NULL,
  line_no int NOT NULL,
  item_code text NOT NULL,
  unit text NOT NULL,
  ordered numeric(18,6) NOT NULL, -- net of cancelled
  shipped numeric(18,6) NOT NULL DEFAULT 0,
  returned numeric(18,6) NOT NULL DEFAULT 0,
  PRIMARY KEY (order_number, line_no),
  CONSTRAINT returned_within_shipped CHECK (returned >= 0 AND returned <= shipped)
) WITH (fillfactor = 70);

CREATE TABLE receipt (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- keyset, newest first
  id uuid NOT NULL UNIQUE, number text NOT NULL UNIQUE,
  production_order_number text NOT NULL, order_number text NOT NULL, line_no int NOT NULL,
  item_code text NOT NULL, quantity numeric(18,6) NOT NULL, unit text NOT NULL, received_total numeric(18,6) NOT NULL,
  device_id text NOT NULL DEFAULT '', actor text NOT NULL, received_at timestamptz NOT NULL
);
CREATE INDEX receipt_production_order ON receipt (production_order_number, seq DESC); -- ListReceipts of one production order
CREATE INDEX receipt_order ON receipt (order_number, seq DESC); -- ListReceipts of one order

CREATE TABLE shipment (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- keyset, newest first
  id uuid NOT NULL UNIQUE, number text NOT NULL UNIQUE,
  carrier text NOT NULL DEFAULT '', tracking_numbers text[] NOT NULL DEFAULT '{}',
  actor text NOT NULL, shipped_at timestamptz NOT NULL
);
CREATE TABLE shipment_line (
  shipment_seq bigint NOT NULL REFERENCES shipment, position int NOT NULL,
  order_number text NOT NULL, line_no int NOT NULL, item_code text NOT NULL,
  quantity numeric(18,6) NOT NULL, unit text NOT NULL,
  PRIMARY KEY (shipment_seq, position)
);
CREATE INDEX shipment_line_order ON shipment_line (order_number, shipment_seq DESC); -- ListShipments of one order

CREATE TABLE customer_return (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE, number text NOT NULL UNIQUE,
  reason text NOT NULL, quarantine boolean NOT NULL, actor text NOT NULL, returned_at timestamptz NOT NULL
);
CREATE TABLE customer_return_line (
  return_seq bigint NOT NULL REFERENCES customer_return, position int NOT NULL,
  order_number text NOT NULL, line_no int NOT NULL, item_code text NOT NULL,
  quantity numeric(18,6) NOT NULL, unit text NOT NULL,
  PRIMARY KEY (return_seq, position)
);

-- What was answered to a scan or a movement id, for ever: the same one again gets the same answer, without any key.
CREATE TABLE answered (
  kind text NOT NULL, name text NOT NULL, answer bytea, at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, name)
) WITH (fillfactor = 70);

CREATE SEQUENCE receipt_number;
CREATE SEQUENCE shipment_number;
CREATE SEQUENCE return_number;
"""


def upgrade() -> None:
    create_chassis_tables(op)
    op.execute(TABLES)
