"""The mailbox people read inside the house, quiet hours of a subscription, and forgetting what is old."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
ALTER TABLE notification
  ADD COLUMN IF NOT EXISTS mailbox boolean NOT NULL DEFAULT false; -- read inside the house (GET /inbox)
CREATE INDEX IF NOT EXISTS notification_mailbox ON notification (recipient, id DESC)
  WHERE mailbox AND state = 'sent'; -- one recipient's mailbox, newest first

ALTER TABLE subscription
  ADD COLUMN IF NOT EXISTS quiet_from time, ADD COLUMN IF NOT EXISTS quiet_to time; -- beside the channel's own

-- Each reader of a message that is meant for a role has a mark of their own.
CREATE TABLE IF NOT EXISTS inbox_read (
  reader text NOT NULL, notification_id uuid NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
  read_at timestamptz NOT NULL, PRIMARY KEY (reader, notification_id)
);
CREATE INDEX IF NOT EXISTS inbox_read_notification ON inbox_read (notification_id); -- forgetting a message

CREATE INDEX IF NOT EXISTS notification_created_at ON notification USING brin (created_at); -- forgetting, unread counts

-- The log of attempts is append-only for the application; what is old leaves by this door alone, never what still waits.
CREATE OR REPLACE FUNCTION forget_notifications(before timestamptz, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE gone uuid[];
BEGIN
  SELECT array_agg(id) INTO gone FROM (
    SELECT id FROM notification
    WHERE created_at < least(before, now() - interval '30 days') AND state IN ('sent','digest','expired')
    LIMIT most FOR UPDATE SKIP LOCKED
  ) old;
  DELETE FROM delivery_attempt WHERE notification_id = ANY(gone);
  DELETE FROM notification WHERE id = ANY(gone);
  RETURN coalesce(cardinality(gone), 0);
END $$;
"""

ORDER, PLANNING, NOTIFY = "orderhub.order.v1", "orderhub.planning.v1", "orderhub.notify.v1"
RED = 'data.urgency == "red"'
# code, event type, condition, role, template, expire_hours, once_per: what a role has to do, in its mailbox
SUBSCRIPTIONS = (
    ("todo_capacity", f"{ORDER}.CapacityConfirmationRequested", "", "planning_supervisor", "capacity_confirmation", 0,
     "{order_number} {due_date}"),
    ("todo_rush", f"{ORDER}.OrderSubmitted", RED, "planner", "rush_order", 0, ""),
    ("todo_rush_raised", f"{ORDER}.OrderChanged", f'{RED} && "urgency" in data.changed', "planner,team_leader",
     "rush_raised", 0, ""),
    ("todo_duplicate", f"{ORDER}.DuplicateSuspected", "", "{sales_owner},{twin_sales_owner},sales_supervisor",
     "duplicate_suspected", 0, ""),
    ("todo_shortage", f"{PLANNING}.ShortageRaised", "", "planner", "shortage_raised", 0, ""),
    ("todo_dispatched", f"{PLANNING}.ProductionOrderDispatched", "", "team_leader", "dispatched", 0, ""),
    ("todo_inspection", f"{PLANNING}.InspectionRequested", "", "team_leader", "inspection_requested", 0, ""),
    ("todo_receive", f"{PLANNING}.InspectionRequested", "", "warehouse", "ready_to_receive", 0, ""),
    ("todo_invoice", f"{ORDER}.InvoiceTaskOpened", "", "finance", "invoice_task", 0, ""),
    ("todo_invoice_overdue", f"{ORDER}.InvoiceTaskOverdue", "", "finance,manager", "invoice_overdue", 0, ""),
    ("todo_exhausted", f"{NOTIFY}.NotificationExhausted", "", "admin,manager", "exhausted", 0, ""),
)  # fmt: skip


def upgrade() -> None:
    """Add only: the code before this goes on working. Seeded rows that a factory has changed stay as they are."""
    op.execute(TABLES)
    op.execute("INSERT INTO channel (code, kind) VALUES ('mailbox', 'in_app') ON CONFLICT DO NOTHING")
    op.execute("INSERT INTO channel_state (code) VALUES ('mailbox') ON CONFLICT DO NOTHING")
    for code, event_type, condition, role, template, expire_hours, once_per in SUBSCRIPTIONS:
        values = ", ".join(f"'{value}'" for value in (code, event_type, condition, role, template, once_per))
        op.execute(
            "INSERT INTO subscription (code, event_type, condition, role, template, once_per, channel, expire_hours) "  # noqa: S608
            f"VALUES ({values}, 'mailbox', {expire_hours}) ON CONFLICT DO NOTHING"
        )
    op.execute(
        "INSERT INTO subscription (code, event_type, channel, role, template) VALUES "  # noqa: S608  constants above
        f"('invoice_overdue', '{ORDER}.InvoiceTaskOverdue', 'finance', 'finance', 'invoice_overdue') ON CONFLICT DO NOTHING"
    )
