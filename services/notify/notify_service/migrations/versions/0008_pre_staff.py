"""Who is in the house: mail for a role nobody holds, or for somebody who left, is not silently put away."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
CREATE TABLE IF NOT EXISTS staff (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), -- one row
  revision bigint NOT NULL, -- of the people it was made from; grows with every change
  vacant text[] NOT NULL,   -- roles nobody holds
  gone text[] NOT NULL,     -- names of people who may no longer sign in
  told_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """Add only: the code before this goes on working."""
    op.execute(TABLES)
