"""Keep a run in its row while a page holds it: reading thousands of them from aside costs twice as much (S81)."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """What is stored from now on; the follower packs every run anew for its days."""
    op.execute("ALTER TABLE lead_time_run SET (toast_tuple_target = 8160)")  # bytes: the most a row may have
