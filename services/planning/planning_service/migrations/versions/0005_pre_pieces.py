"""Single pieces by serial, rework back to any operation, and what bounces are told by.

Revision ID: 0005_pre_pieces
"""

from alembic import op

revision = "0005_pre_pieces"
down_revision = "0004_pre_floor"

STATEMENTS = """
ALTER TABLE operation ADD COLUMN rework numeric(18,6) NOT NULL DEFAULT 0;
UPDATE operation o SET rework = p.rework FROM production_order p
WHERE p.rework > 0 AND o.production_order_number = p.number
  AND o.sequence = (SELECT max(l.sequence) FROM operation l WHERE l.production_order_number = p.number);
ALTER TABLE scan ADD COLUMN serial text NOT NULL DEFAULT '', ADD COLUMN code text NOT NULL DEFAULT '';

CREATE TABLE piece_pass (
  production_order_number text NOT NULL REFERENCES production_order, sequence int NOT NULL, serial text NOT NULL,
  passes int NOT NULL CHECK (passes > 0), PRIMARY KEY (production_order_number, sequence, serial)
);
"""


def upgrade() -> None:
    """Add the table and columns."""
    op.execute(STATEMENTS)
