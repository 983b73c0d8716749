"""Lead times kept ready for reports: what changed, the seconds of each order, sorted runs of them (S81, S85)."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("""
        -- Orders whose times may have changed; written with their cause, taken when the runs below follow.
        CREATE TABLE lead_time_change (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id uuid NOT NULL);
        CREATE FUNCTION note_lead_time() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO lead_time_change (order_id) VALUES (NEW.order_id);
          RETURN NULL;
        END $$;
        CREATE FUNCTION note_order_lead_time() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO lead_time_change (order_id) VALUES (NEW.id);
          RETURN NULL;
        END $$;
        CREATE TRIGGER lead_time_of_milestones AFTER INSERT OR UPDATE ON order_milestones
          FOR EACH ROW EXECUTE FUNCTION note_lead_time();
        CREATE TRIGGER lead_time_of_shortage AFTER INSERT OR UPDATE ON order_shortage
          FOR EACH ROW EXECUTE FUNCTION note_lead_time();
        CREATE TRIGGER lead_time_of_order AFTER UPDATE ON customer_order FOR EACH ROW
          WHEN (OLD.cancelled_at IS DISTINCT FROM NEW.cancelled_at OR OLD.customer_id <> NEW.customer_id
                OR OLD.sales_owner <> NEW.sales_owner OR OLD.content_hash <> NEW.content_hash)
          EXECUTE FUNCTION note_order_lead_time();

        -- What the runs below hold of each order: whole seconds by stage (domain/stages.py, REPORTED).
        CREATE TABLE order_stage_time (
          order_id uuid PRIMARY KEY REFERENCES customer_order, day date NOT NULL, customer_id uuid NOT NULL,
          sales_owner text NOT NULL, items text[] NOT NULL, elapsed int[] NOT NULL, working int[] NOT NULL
        );
        CREATE INDEX order_stage_time_day ON order_stage_time (day); -- the cut weeks and months of a period; drill-down
        CREATE TABLE lead_time_run (
          kind text NOT NULL, hours text NOT NULL, starts date NOT NULL, key text NOT NULL, stage text NOT NULL,
          seconds bytea NOT NULL, -- ascending, four bytes each, big-endian
          total bigint NOT NULL, -- their sum
          PRIMARY KEY (kind, hours, starts, key, stage)
        );
        ALTER TABLE lead_time_run ALTER COLUMN seconds SET STORAGE EXTERNAL; -- random enough not to be compressed
        INSERT INTO lead_time_change (order_id) SELECT order_id FROM order_milestones;
    """)
