"""The copy of a shipment follows what is entered of it later."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    # which orders a file is attached to
    op.execute(
        "CREATE INDEX IF NOT EXISTS customer_order_attachments ON customer_order USING gin (attachment_ids)"
        " WHERE attachment_ids <> '{}'"
    )
    op.execute("ALTER TABLE shipment ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 1")
