"""Lead times by the channel an order came through (S16)."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add only: rows the code before this writes have no channel; the follower sees them and packs the channels anew."""
    op.execute("""
        ALTER TABLE order_stage_time ADD COLUMN channel text;
        CREATE INDEX order_stage_time_no_channel ON order_stage_time (order_id) WHERE channel IS NULL; -- the follower's look
    """)
