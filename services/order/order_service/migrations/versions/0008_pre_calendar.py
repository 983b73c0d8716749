"""The factory's calendar, every version of it; and how far kept lead times follow it (S85)."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add only: the code before this goes on with the shifts of its settings."""
    op.execute("""
        CREATE TABLE factory_calendar (
          version bigint PRIMARY KEY CHECK (version > 0),
          weekdays smallint[] NOT NULL, -- ISO 8601: Monday is 1
          public_holidays boolean NOT NULL, -- follow those of the state council
          shifts jsonb NOT NULL, -- [[begin, end, [[begin, end], ...]], ...] in minutes of the day a shift begins
          days jsonb NOT NULL, -- {"2026-10-01": [working, name]}: the factory's own word about a day
          reason text NOT NULL, changed_by text NOT NULL, changed_at timestamptz NOT NULL
        );
        -- One row: which version the kept lead times follow, and how far they are on the way to the next.
        CREATE TABLE lead_time_calendar (
          one boolean PRIMARY KEY DEFAULT true CHECK (one),
          followed bigint NOT NULL DEFAULT 0, -- all of them follow this version
          target bigint NOT NULL DEFAULT 0, -- those up to the order below follow this one
          reached uuid, order_count bigint NOT NULL DEFAULT 0, done_count bigint NOT NULL DEFAULT 0,
          began_at timestamptz, ended_at timestamptz
        );
        INSERT INTO lead_time_calendar DEFAULT VALUES;
    """)
