"""The item master, plans and production orders.

Revision ID: 0001_pre_start
"""

import tomllib
from decimal import Decimal
from importlib.resources import files

import sqlalchemy as sa
from alembic import op

from chassis.schema import create_chassis_tables

revision = "0001_pre_start"
down_revision = None

MASTER = """
CREATE TABLE catalogue_epoch (one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch bigint NOT NULL);
INSERT INTO catalogue_epoch (epoch) VALUES (0);

CREATE TABLE unit (
  code text PRIMARY KEY, position int NOT NULL, dimension text, scale numeric(18,6) NOT NULL DEFAULT 1,
  whole_units boolean NOT NULL DEFAULT false
);

CREATE TABLE item (
  code text PRIMARY KEY, name text NOT NULL, unit text NOT NULL REFERENCES unit, supply text NOT NULL
    CHECK (supply IN ('make', 'buy', 'phantom')),
  whole_units boolean NOT NULL, safety_stock numeric(18,6) NOT NULL DEFAULT 0 CHECK (safety_stock >= 0),
  lead_time_days int NOT NULL DEFAULT 0 CHECK (lead_time_days >= 0), units jsonb NOT NULL DEFAULT '[]',
  aliases text[] NOT NULL DEFAULT '{}', active boolean NOT NULL DEFAULT true, stock_first boolean NOT NULL DEFAULT false,
  initials text NOT NULL DEFAULT '', version bigint NOT NULL DEFAULT 1, epoch bigint NOT NULL
);
CREATE INDEX item_epoch ON item (epoch); -- what changed since the snapshot in memory
CREATE TABLE item_alias (alias text PRIMARY KEY, item_code text NOT NULL REFERENCES item);
CREATE INDEX item_alias_item ON item_alias (item_code); -- rewriting an item's aliases

CREATE TABLE routing (code text PRIMARY KEY, operations jsonb NOT NULL, version bigint NOT NULL DEFAULT 1, epoch bigint NOT NULL);
CREATE INDEX routing_epoch ON routing (epoch); -- what changed since the snapshot in memory

CREATE TABLE bom (
  item_code text NOT NULL REFERENCES item, version bigint NOT NULL, effective_from date, effective_to date,
  base_quantity numeric(18,6) NOT NULL CHECK (base_quantity > 0), routing_code text REFERENCES routing,
  content_hash text NOT NULL, superseded boolean NOT NULL DEFAULT false, epoch bigint NOT NULL,
  created_at timestamptz NOT NULL, created_by text NOT NULL DEFAULT '',
  PRIMARY KEY (item_code, version), CHECK (effective_to >= effective_from)
);
CREATE UNIQUE INDEX bom_start ON bom (item_code, effective_from) NULLS NOT DISTINCT WHERE NOT superseded;
CREATE INDEX bom_epoch ON bom (epoch); -- what changed since the snapshot in memory
CREATE TABLE bom_line (
  item_code text NOT NULL, version bigint NOT NULL, row_no int NOT NULL, position int NOT NULL,
  component text NOT NULL REFERENCES item, quantity_per numeric(18,6) NOT NULL CHECK (quantity_per >= 0), unit text,
  scrap_rate numeric(18,6) NOT NULL CHECK (scrap_rate >= 0), setup_quantity numeric(18,6) NOT NULL CHECK (setup_quantity >= 0),
  rounding_multiple numeric(18,6), alternates jsonb NOT NULL DEFAULT '[]', effective_from date, effective_to date, supply text,
  PRIMARY KEY (item_code, version, row_no), FOREIGN KEY (item_code, version) REFERENCES bom
);
"""

PRODUCTION = """
CREATE SEQUENCE production_order_number;

CREATE TABLE order_copy (
  order_number text PRIMARY KEY, order_id text NOT NULL DEFAULT '', customer_name text NOT NULL DEFAULT '',
  urgency text NOT NULL DEFAULT 'green', due_date date, state text NOT NULL DEFAULT '', traceparent text NOT NULL DEFAULT ''
);
CREATE INDEX order_copy_id ON order_copy (order_id); -- plans asked for by order id

CREATE TABLE plan (
  order_number text PRIMARY KEY, order_id text NOT NULL, planned_at timestamptz NOT NULL, planned_by text NOT NULL,
  traceparent text NOT NULL DEFAULT '', unplanned jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX plan_order_id ON plan (order_id); -- plans asked for by order id
CREATE TABLE plan_line (
  order_number text NOT NULL REFERENCES plan, line_no int NOT NULL, item_code text NOT NULL, item_name text NOT NULL,
  quantity numeric(18,6) NOT NULL, unit text NOT NULL, from_stock numeric(18,6) NOT NULL, to_make numeric(18,6) NOT NULL,
  due_date date NOT NULL, producible_by date, PRIMARY KEY (order_number, line_no)
);

CREATE TABLE production_order (
  number text PRIMARY KEY, id uuid NOT NULL UNIQUE, order_number text NOT NULL, line_no int NOT NULL, parent_number text,
  item_code text NOT NULL, item_name text NOT NULL, unit text NOT NULL, whole_units boolean NOT NULL,
  quantity numeric(18,6) NOT NULL CHECK (quantity > 0), routing_code text NOT NULL, bom_version bigint NOT NULL, bom_hash text NOT NULL,
  due_date date NOT NULL, urgency text NOT NULL, planner_rank int, asked_at timestamptz NOT NULL, sort_key text NOT NULL,
  state text NOT NULL, live boolean NOT NULL, team text, created_at timestamptz NOT NULL, dispatched_at timestamptz, held_at timestamptz,
  passed numeric(18,6) NOT NULL DEFAULT 0, rework numeric(18,6) NOT NULL DEFAULT 0, scrapped numeric(18,6) NOT NULL DEFAULT 0,
  rework_waiting boolean NOT NULL DEFAULT false, inspected_at timestamptz, received numeric(18,6) NOT NULL DEFAULT 0,
  received_at timestamptz, settled boolean NOT NULL DEFAULT false, completed_at timestamptz, cancelled_at timestamptz,
  closed_short_at timestamptz, reason text, version bigint NOT NULL DEFAULT 1, traceparent text NOT NULL DEFAULT ''
) WITH (fillfactor=70);
CREATE INDEX production_order_order ON production_order (order_number, line_no); -- one order's production orders
CREATE INDEX production_order_newest ON production_order (id DESC); -- lists, newest first
CREATE INDEX production_order_priority ON production_order (sort_key, number) WHERE live; -- the floor's list and the rank
CREATE TABLE operation (
  production_order_number text NOT NULL REFERENCES production_order, sequence int NOT NULL, code text NOT NULL, name text NOT NULL,
  work_center text NOT NULL, minutes_per_unit numeric(18,6) NOT NULL, setup_minutes numeric(18,6) NOT NULL,
  good numeric(18,6) NOT NULL DEFAULT 0, scrap numeric(18,6) NOT NULL DEFAULT 0, started_at timestamptz, last_report_at timestamptz,
  flags text[] NOT NULL DEFAULT '{}', PRIMARY KEY (production_order_number, sequence)
) WITH (fillfactor=70);
CREATE INDEX operation_work_center ON operation (work_center, production_order_number); -- lists by work centre

CREATE TABLE component (
  production_order_number text NOT NULL DEFAULT '', order_number text NOT NULL, line_no int NOT NULL, item_code text NOT NULL,
  item_name text NOT NULL, unit text NOT NULL, due_date date NOT NULL, required numeric(18,6) NOT NULL CHECK (required > 0),
  made numeric(18,6) NOT NULL DEFAULT 0, expected numeric(18,6) NOT NULL DEFAULT 0, available numeric(18,6) NOT NULL DEFAULT 0,
  reserved numeric(18,6) NOT NULL DEFAULT 0, issued numeric(18,6) NOT NULL DEFAULT 0, held_short numeric(18,6) NOT NULL DEFAULT 0,
  short numeric(18,6) NOT NULL DEFAULT 0, told boolean NOT NULL DEFAULT false, substitutes text,
  PRIMARY KEY (production_order_number, order_number, line_no, item_code)
) WITH (fillfactor=70);
CREATE INDEX component_order ON component (order_number); -- one order's pick list and shortages
COMMENT ON COLUMN component.made IS 'part of required that child production orders make';
COMMENT ON COLUMN component.expected IS 'part of made still expected: no shortage while it is';
COMMENT ON COLUMN component.told IS 'ShortageRaised was told and not yet cleared';

CREATE TABLE scan (
  device_id text NOT NULL, scan_id text NOT NULL, fingerprint text NOT NULL, verdict bytea, production_order_number text,
  occurred_at timestamptz, recorded_at timestamptz NOT NULL, actor text NOT NULL, PRIMARY KEY (device_id, scan_id)
);
CREATE INDEX scan_production_order ON scan (production_order_number, recorded_at); -- who scanned what on a production order
"""


def upgrade() -> None:
    """Create everything and seed the units."""
    create_chassis_tables(op)
    op.execute(MASTER)
    op.execute(PRODUCTION)
    seed = tomllib.loads((files("planning_service") / "migrations" / "seed_units.toml").read_text("utf-8"))
    insert = sa.text(
        "INSERT INTO unit (code, position, dimension, scale, whole_units) VALUES (:code, :n, :dim, :scale, :whole)"
    )
    for n, unit in enumerate(seed["unit"]):
        values = {"code": unit["code"], "n": n, "dim": unit.get("dimension"), "whole": unit.get("whole", False)}
        op.get_bind().execute(insert, {**values, "scale": Decimal(unit.get("scale", "1"))})
