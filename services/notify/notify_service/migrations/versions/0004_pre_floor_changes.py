"""The floor hears what changed after the dispatch; the planner hears when nobody acknowledges it."""

from alembic import op

revision = "0004"
down_revision = "0003"

PLANNING = "orderhub.planning.v1"
CHANGED, LATE = f"{PLANNING}.ProductionOrderChanged", f"{PLANNING}.ChangeUnacknowledged"
# code, event type, condition, channel, role, template; a cancelled job has a message of its own already
SUBSCRIPTIONS = (
    ("floor_changed", CHANGED, 'data.kind != "cancelled"', "floor", "{team}", "floor_changed"),
    ("change_unacknowledged", LATE, "", "planner", "planner", "change_unacknowledged"),
    ("todo_floor_changed", CHANGED, "", "mailbox", "team_leader", "floor_changed"),
    ("todo_change_unacknowledged", LATE, "", "mailbox", "planner,planning_supervisor", "change_unacknowledged"),
)


def upgrade() -> None:
    """Seed the subscriptions; rows a factory has changed stay as they are."""
    for row in SUBSCRIPTIONS:
        values = ", ".join(f"'{value}'" for value in row)
        op.execute(
            "INSERT INTO subscription (code, event_type, condition, channel, role, template) "  # noqa: S608  constants
            f"VALUES ({values}) ON CONFLICT DO NOTHING"
        )
