"""Shortages by item, and what customers do not take in place of something else.

Revision ID: 0006_pre_shortages
"""

from alembic import op

revision = "0006_pre_shortages"
down_revision = "0005_pre_pieces"

STATEMENTS = """
CREATE INDEX component_short ON component (item_code) WHERE short > 0; -- everything that is short, by item
CREATE TABLE refused_item (customer_id text NOT NULL, item_code text NOT NULL, PRIMARY KEY (customer_id, item_code));
COMMENT ON TABLE refused_item IS 'items a customer does not take as an alternate';
"""


def upgrade() -> None:
    """Add the index and the table."""
    op.execute(STATEMENTS)
