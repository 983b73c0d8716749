"""What the inbox says to Postgres."""

from __future__ import annotations

from chassis.sql import text

# One statement takes the events and holds their cursors, events first, both sorted: two consumers never wait for each other.
TAKE = text("""
WITH claimed AS (
  INSERT INTO inbox (consumer, event_id)
  SELECT :consumer, id FROM unnest(CAST(:ids AS uuid[])) AS t (id) ORDER BY id
  ON CONFLICT DO NOTHING RETURNING event_id
), held AS (
  INSERT INTO subject_cursor AS c (consumer, source, subject, sequence)
  SELECT :consumer, source, subject, 0
  FROM (SELECT DISTINCT source, subject FROM unnest(CAST(:sources AS text[]), CAST(:subjects AS text[])) AS t (source, subject)) d
  ORDER BY source, subject
  ON CONFLICT (consumer, source, subject) DO UPDATE SET sequence = c.sequence
  RETURNING source, subject, sequence
)
SELECT event_id, NULL AS source, NULL AS subject, NULL AS sequence FROM claimed
UNION ALL SELECT NULL, source, subject, sequence FROM held
""")
CLAIM = text("""
INSERT INTO inbox (consumer, event_id)
SELECT :consumer, id FROM unnest(CAST(:ids AS uuid[])) AS t (id) ORDER BY id
ON CONFLICT DO NOTHING RETURNING event_id
""")
START = text("""
INSERT INTO subject_cursor (consumer, source, subject, sequence)
SELECT :consumer, source, subject, 0
FROM (SELECT DISTINCT source, subject FROM unnest(CAST(:sources AS text[]), CAST(:subjects AS text[])) AS t (source, subject)) d
ORDER BY source, subject ON CONFLICT DO NOTHING
""")
CURSORS = text("""
SELECT source, subject, sequence FROM subject_cursor
WHERE consumer = :consumer AND (source, subject) IN (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:subjects AS text[])))
ORDER BY source, subject FOR NO KEY UPDATE
""")
ADVANCE = text("""
UPDATE subject_cursor c SET sequence = t.sequence
FROM unnest(CAST(:sources AS text[]), CAST(:subjects AS text[]), CAST(:sequences AS bigint[])) AS t (source, subject, sequence)
WHERE c.consumer = :consumer AND c.source = t.source AND c.subject = t.subject
""")
PARK = text("""
INSERT INTO parked (consumer, event_id, source, subject, sequence, type, body, reason, error, attempts, next_at)
VALUES (:consumer, :event_id, :source, :subject, :sequence, :type, :body, :reason, :error, :attempts,
        now() + :delay * interval '1 second')
ON CONFLICT DO NOTHING
""")
DUE = text("""
SELECT p.event_id, p.body, p.sequence, p.attempts, p.reason, c.sequence AS cursor, p.source, p.subject,
       extract(epoch FROM now() - p.parked_at)::float8 AS age
FROM parked p JOIN subject_cursor c USING (consumer, source, subject)
WHERE p.consumer = :consumer AND NOT p.dead AND (p.next_at <= now() OR p.sequence = c.sequence + 1 AND p.reason = 'gap')
ORDER BY p.source, p.subject, p.sequence LIMIT :limit
""")
UNPARK = text("DELETE FROM parked WHERE consumer = :consumer AND event_id = :event_id")
AGAIN = text("""
UPDATE parked SET attempts = attempts + :failed, reason = :reason, error = :error, dead = attempts + :failed >= :most,
       next_at = now() + :delay * interval '1 second'
WHERE consumer = :consumer AND event_id = :event_id
""")
