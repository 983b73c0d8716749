"""Channels, subscriptions, the delivery log and what each channel is doing."""

from alembic import op

from chassis.schema import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE channel (
  code text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('dingtalk','wecom','feishu','wechat_mp','email','webhook','in_app','null')),
  name text NOT NULL DEFAULT '',
  url text NOT NULL DEFAULT '',
  sealed_url bytea,     -- AES-GCM; set instead of url when the address itself is a key
  sealed_secret bytea,  -- AES-GCM
  per_minute int NOT NULL DEFAULT 0 CHECK (per_minute >= 0),
  active boolean NOT NULL DEFAULT true,
  quiet_from time, quiet_to time,
  version bigint NOT NULL DEFAULT 1
);

-- What a channel is doing: one sender at a time keeps the order per target; sends of the last minute keep the rate.
CREATE TABLE channel_state (
  code text PRIMARY KEY REFERENCES channel (code),
  sent_times timestamptz[] NOT NULL DEFAULT '{}',
  ready_at timestamptz NOT NULL DEFAULT 'epoch',
  blocked_until timestamptz NOT NULL DEFAULT 'epoch',
  failures int NOT NULL DEFAULT 0,
  lease uuid, lease_until timestamptz
) WITH (fillfactor=50);

CREATE TABLE subscription (
  code text PRIMARY KEY,
  event_type text NOT NULL,
  condition text NOT NULL DEFAULT '',
  channel text NOT NULL REFERENCES channel (code),
  role text NOT NULL DEFAULT '',
  template text NOT NULL,
  active boolean NOT NULL DEFAULT true,
  expire_hours int NOT NULL DEFAULT 0 CHECK (expire_hours >= 0),
  once_per text NOT NULL DEFAULT '',
  escalate_minutes int NOT NULL DEFAULT 0 CHECK (escalate_minutes >= 0),
  escalate_channel text NOT NULL DEFAULT '',
  version bigint NOT NULL DEFAULT 1
);
CREATE INDEX subscription_event ON subscription (event_type, code) WHERE active; -- composing an event's messages

CREATE TABLE notification (
  id uuid PRIMARY KEY,
  event_id uuid NOT NULL, event_type text NOT NULL,
  order_number text NOT NULL DEFAULT '', production_order_number text NOT NULL DEFAULT '',
  subscription text NOT NULL, channel text NOT NULL, recipient text NOT NULL,
  once_key text NOT NULL,
  state text NOT NULL CHECK (state IN ('pending','sent','digest','expired','held','exhausted','uncertain')),
  reason text NOT NULL DEFAULT '',
  text text NOT NULL,
  data jsonb,           -- the event's data, kept only while the message is held for want of a value
  traceparent text NOT NULL DEFAULT '',
  occurred_at timestamptz NOT NULL, created_at timestamptz NOT NULL,
  not_before timestamptz NOT NULL, expires_at timestamptz,
  next_attempt_at timestamptz NOT NULL,
  probing boolean NOT NULL DEFAULT false, -- its channel was down: it goes first when the channel is tried again
  attempt_count int NOT NULL DEFAULT 0, last_error text NOT NULL DEFAULT '',
  lease uuid, digest_id uuid, sent_at timestamptz,
  escalate_at timestamptz, escalate_channel text NOT NULL DEFAULT '', acknowledged_at timestamptz,
  UNIQUE (event_id, subscription, recipient),
  UNIQUE (subscription, recipient, once_key)
) WITH (fillfactor=70);
CREATE INDEX notification_waiting ON notification (channel, id) WHERE state = 'pending'; -- the sender's claim
CREATE INDEX notification_order ON notification (order_number, id DESC) WHERE order_number <> ''; -- log of one order
CREATE INDEX notification_state ON notification (state, id DESC); -- log by state
CREATE INDEX notification_escalation ON notification (escalate_at)
  WHERE escalate_at IS NOT NULL AND acknowledged_at IS NULL; -- the search for unread ones
CREATE INDEX notification_leased ON notification (lease) WHERE lease IS NOT NULL; -- recording and recovering a send

CREATE TABLE delivery_attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  notification_id uuid NOT NULL, at timestamptz NOT NULL, result text NOT NULL, detail text NOT NULL DEFAULT '',
  digest_id uuid
);
CREATE INDEX delivery_attempt_notification ON delivery_attempt (notification_id, id); -- what was tried for one message
"""

ORDER, PLANNING = "orderhub.order.v1", "orderhub.planning.v1"
# code, kind, name is in texts_zh_CN.toml. Without an address they are not connected; the demo's sink takes them all.
CHANNELS = (
    ("order_group", "dingtalk"),
    ("planning_supervisor", "wecom"),
    ("planner", "wecom"),
    ("floor", "feishu"),
    ("quality", "wecom"),
    ("warehouse", "wecom"),
    ("finance", "email"),
    ("sales", "wecom"),
    ("customer", "wechat_mp"),
    ("escalation", "email"),
)
# code, event type, condition, channel, role, template, expire_hours, once_per
SUBSCRIPTIONS = (
    ("order_summary", f"{ORDER}.OrderSubmitted", "", "order_group", "order_group", "order_submitted", 0, ""),
    ("rush_to_planner", f"{ORDER}.OrderSubmitted", 'data.urgency == "red"', "planner", "planner", "rush_order", 0, ""),
    ("capacity_copy", f"{ORDER}.CapacityConfirmationRequested", "", "planning_supervisor", "planning_supervisor",
     "capacity_confirmation", 0, "{order_number} {due_date}"),
    ("duplicate_suspected", f"{ORDER}.DuplicateSuspected", "", "sales", "{sales_owner},{twin_sales_owner}",
     "duplicate_suspected", 0, ""),
    ("order_changed", f"{ORDER}.OrderChanged", "", "order_group", "order_group", "order_changed", 0, ""),
    ("rush_raised", f"{ORDER}.OrderChanged", 'data.urgency == "red" && "urgency" in data.changed', "planner", "planner",
     "rush_raised", 0, ""),
    ("rush_on_floor", f"{ORDER}.OrderChanged", 'data.urgency == "red" && "urgency" in data.changed', "floor",
     "team_leader", "rush_raised", 0, ""),
    ("order_cancelled", f"{ORDER}.OrderCancelled", "", "order_group", "order_group", "order_cancelled", 0, ""),
    ("order_held", f"{ORDER}.OrderHeld", "", "order_group", "order_group", "order_held", 0, ""),
    ("order_resumed", f"{ORDER}.OrderResumed", "", "order_group", "order_group", "order_resumed", 0, ""),
    ("shortage", f"{PLANNING}.ShortageRaised", "", "planner", "planner", "shortage_raised", 0, ""),
    ("shortage_cleared", f"{PLANNING}.ShortageCleared", "", "planner", "planner", "shortage_cleared", 0, ""),
    ("dispatched", f"{PLANNING}.ProductionOrderDispatched", "", "floor", "{team}", "dispatched", 24, ""),
    ("next_operation", f"{PLANNING}.OperationFinished", 'data.next_operation != ""', "floor", "{next_work_center}",
     "operation_finished", 24, ""),
    ("production_cancelled", f"{PLANNING}.ProductionOrderCancelled", "", "floor", "{team}", "production_cancelled", 0, ""),
    ("inspection", f"{PLANNING}.InspectionRequested", "", "quality", "quality", "inspection_requested", 0, ""),
    ("ready_to_receive", f"{PLANNING}.InspectionRequested", "", "warehouse", "warehouse", "ready_to_receive", 0, ""),
    ("invoice_task", f"{ORDER}.InvoiceTaskOpened", "", "finance", "finance", "invoice_task", 0, ""),
    ("customer_shipped", f"{ORDER}.OrderFullyShipped", "", "customer", "{customer_id}", "customer_shipped", 0, ""),
    ("exhausted", "orderhub.notify.v1.NotificationExhausted", "", "escalation", "operations", "exhausted", 0, ""),
)  # fmt: skip


def upgrade() -> None:
    """Create the tables and the seeded channels and subscriptions, which people may edit."""
    create_chassis_tables(op)
    op.execute(TABLES)
    for code, kind in CHANNELS:
        op.execute(f"INSERT INTO channel (code, kind) VALUES ('{code}', '{kind}')")  # noqa: S608  constants above
    op.execute("INSERT INTO channel_state (code) SELECT code FROM channel")
    for code, event_type, condition, channel, role, template, expire_hours, once_per in SUBSCRIPTIONS:
        values = ", ".join(f"'{value}'" for value in (code, event_type, condition, channel, role, template, once_per))
        op.execute(
            "INSERT INTO subscription (code, event_type, condition, channel, role, template, once_per, expire_hours) "  # noqa: S608
            f"VALUES ({values}, {expire_hours})"
        )
