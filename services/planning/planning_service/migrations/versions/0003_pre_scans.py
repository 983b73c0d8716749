"""What each scan reported, for the drill-down from a difference to the scan.

Revision ID: 0003_pre_scans
"""

from alembic import op

revision = "0003_pre_scans"
down_revision = "0002_pre_jobs"

STATEMENTS = """
ALTER TABLE scan ADD COLUMN action text NOT NULL DEFAULT '', ADD COLUMN operation_sequence int,
  ADD COLUMN quantity numeric(18,6), ADD COLUMN scrap numeric(18,6), ADD COLUMN result text NOT NULL DEFAULT '',
  ADD COLUMN reason text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(STATEMENTS)
