"""The tables every service's database has (reliability.md 3.1), made by its first migration."""

from __future__ import annotations

from typing import Any

TABLES = """
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id uuid NOT NULL,
  subject text NOT NULL,
  sequence bigint NOT NULL,
  part smallint NOT NULL,
  type text NOT NULL,
  body bytea NOT NULL,
  traceparent text NOT NULL DEFAULT '',
  occurred_at timestamptz NOT NULL,
  attempts int NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT '-infinity',
  last_error text,
  UNIQUE (subject, sequence)
) WITH (fillfactor=80, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX outbox_part_id ON outbox (part, id); -- the relay's poll

CREATE TABLE subject_sequence (subject text PRIMARY KEY, last bigint NOT NULL) WITH (fillfactor=70);

CREATE TABLE event_log (
  id bigint NOT NULL, event_id uuid NOT NULL, subject text NOT NULL, sequence bigint NOT NULL, type text NOT NULL,
  body bytea NOT NULL, traceparent text NOT NULL, occurred_at timestamptz NOT NULL, published_at timestamptz NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
) PARTITION BY RANGE (occurred_at);
CREATE TABLE event_log_other PARTITION OF event_log DEFAULT;
CREATE INDEX event_log_subject ON event_log (subject, sequence); -- replay of one subject
CREATE INDEX event_log_xid ON event_log (xid, id); -- catch-up readers page below the oldest running transaction

CREATE TABLE inbox (
  consumer text NOT NULL, event_id uuid NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_received_at ON inbox USING brin (received_at); -- the janitor's range

CREATE TABLE subject_cursor (
  consumer text NOT NULL, source text NOT NULL, subject text NOT NULL, sequence bigint NOT NULL,
  PRIMARY KEY (consumer, source, subject)
) WITH (fillfactor=70);

CREATE TABLE parked (
  consumer text NOT NULL, event_id uuid NOT NULL, source text NOT NULL, subject text NOT NULL, sequence bigint NOT NULL,
  type text NOT NULL, body bytea NOT NULL, reason text NOT NULL, error text NOT NULL DEFAULT '',
  attempts int NOT NULL DEFAULT 0, dead boolean NOT NULL DEFAULT false,
  next_at timestamptz NOT NULL DEFAULT now(), parked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX parked_due ON parked (consumer, next_at) WHERE NOT dead; -- the retry worker

CREATE TABLE idempotency (
  principal text NOT NULL, route text NOT NULL, key text NOT NULL, fingerprint text NOT NULL, answer bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (principal, route, key)
) WITH (fillfactor=70);
CREATE INDEX idempotency_created_at ON idempotency USING brin (created_at); -- the janitor's range

CREATE FUNCTION ensure_event_log_partitions(months int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE first date := date_trunc('month', now() AT TIME ZONE 'UTC')::date; d date;
BEGIN
  FOR i IN 0..months LOOP
    d := first + make_interval(months => i);
    EXECUTE format('CREATE TABLE IF NOT EXISTS event_log_%s PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
                   to_char(d, 'YYYYMM'), d::timestamp AT TIME ZONE 'UTC', (d + interval '1 month')::timestamp AT TIME ZONE 'UTC');
  END LOOP;
END $$;
"""

AUDIT = """
CREATE TABLE IF NOT EXISTS audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL, actor text NOT NULL, kind text NOT NULL, roles text[] NOT NULL,
  action text NOT NULL, object text NOT NULL, subjects text[] NOT NULL, events uuid[] NOT NULL,
  reason text NOT NULL, key text NOT NULL, fingerprint text NOT NULL, trace_id text NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_log_xid ON audit_log (xid, id); -- the sealing job's page
CREATE TABLE IF NOT EXISTS audit_seal (
  number bigint PRIMARY KEY, last_xid xid8 NOT NULL, last_id bigint NOT NULL, ids bigint[] NOT NULL,
  digests bytea[] NOT NULL, chain bytea NOT NULL, mac bytea NOT NULL, sealed_at timestamptz NOT NULL DEFAULT now()
);
"""
TABLES += AUDIT
APPEND_ONLY = ("event_log", "audit_log", "audit_seal")


def create_chassis_tables(op: Any) -> None:
    """Create outbox, event log, inbox, cursors, parked messages and idempotency keys through Alembic's `op`."""
    op.execute(TABLES)
