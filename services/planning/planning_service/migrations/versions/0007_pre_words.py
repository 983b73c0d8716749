"""Inventory's words are counted, and what it has not spoken of yet is one row per demand instead of one per component.

Revision ID: 0007_pre_words
"""

from alembic import op

revision = "0007_pre_words"
down_revision = "0006_pre_shortages"

STATEMENTS = """
ALTER TABLE component ADD COLUMN heard int NOT NULL DEFAULT 0;
COMMENT ON COLUMN component.heard IS 'revision of the reservation line in inventory''s latest word';
CREATE TABLE unheard_demand (
  order_number text NOT NULL, production_order_number text NOT NULL, PRIMARY KEY (order_number, production_order_number)
);
COMMENT ON TABLE unheard_demand IS 'planned, and inventory has not said yet what it holds for it';
INSERT INTO unheard_demand SELECT DISTINCT order_number, production_order_number FROM component WHERE NOT answered;
DROP INDEX component_unanswered; -- the column goes when nobody writes it any more
"""


def upgrade() -> None:
    """Add the column and the table."""
    op.execute(STATEMENTS)
