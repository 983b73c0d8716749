"""Tracking numbers entered after the goods left, until no message can lack them any more."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
CREATE TABLE IF NOT EXISTS shipment_words (
  order_number text NOT NULL, shipment_number text NOT NULL, version bigint NOT NULL,
  tracking_numbers text[] NOT NULL, shipped_at timestamptz NOT NULL, told_at timestamptz NOT NULL,
  PRIMARY KEY (order_number, shipment_number) -- what is known of an order's shipments
);
CREATE INDEX IF NOT EXISTS shipment_words_told ON shipment_words (told_at); -- forgetting
"""


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    op.execute(TABLES)
