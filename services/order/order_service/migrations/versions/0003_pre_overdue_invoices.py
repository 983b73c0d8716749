"""Invoice tasks fall due, counted from the last opening (S59)."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE invoice_task ADD COLUMN due_from timestamptz, ADD COLUMN overdue_told_at timestamptz;
        UPDATE invoice_task SET due_from = opened_at;
        ALTER TABLE invoice_task ALTER COLUMN due_from SET DEFAULT now(), ALTER COLUMN due_from SET NOT NULL;
        CREATE INDEX invoice_task_due ON invoice_task (due_from) WHERE state = 'open'; -- which are overdue
        CREATE INDEX invoice_task_opened ON invoice_task (opened_at); -- timeliness of a period
    """)
