"""The day of each value of a run, so that a period may cut a week or month anywhere (S81)."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add only: the code before this goes on with seconds and sums; a run it writes loses its days till the follower looks."""
    op.execute("""
        ALTER TABLE lead_time_run
          ADD COLUMN days bytea, -- of each value, one byte: days after the run's first; NULL: of the code before
          ADD COLUMN writes bigint NOT NULL DEFAULT 0; -- only code that knows days counts it up
        ALTER TABLE lead_time_run ALTER COLUMN days SET STORAGE EXTERNAL;
        CREATE INDEX lead_time_run_no_days ON lead_time_run (kind, hours) WHERE days IS NULL; -- the follower's look
        CREATE FUNCTION forget_days_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          NEW.days := NULL;
          RETURN NEW;
        END $$;
        CREATE TRIGGER days_of_run BEFORE UPDATE ON lead_time_run FOR EACH ROW
          WHEN (NEW.writes = OLD.writes) EXECUTE FUNCTION forget_days_of_run();
    """)
