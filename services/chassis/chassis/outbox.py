"""The outbox: events are rows of the transaction that causes them; a sequence without gaps per subject."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.events import Draft, encode
from chassis.sql import Connection, text

PARTITIONS = 4

# Rows are taken in subject order, so that two transactions never wait for each other. The lock is held to the commit:
# identity values of one subject are in commit order (reliability.md 3.2).
_NUMBER = text("""
INSERT INTO subject_sequence (subject, last)
SELECT subject, n FROM unnest(CAST(:subjects AS text[]), CAST(:counts AS bigint[])) AS t (subject, n) ORDER BY subject
ON CONFLICT (subject) DO UPDATE SET last = subject_sequence.last + EXCLUDED.last
RETURNING subject, last
""")

_INSERT = text("""
INSERT INTO outbox (event_id, subject, sequence, part, type, body, traceparent, occurred_at)
SELECT event_id, subject, sequence, part, type, body, traceparent, occurred_at
FROM unnest(CAST(:event_ids AS uuid[]), CAST(:subjects AS text[]), CAST(:sequences AS bigint[]), CAST(:parts AS smallint[]),
            CAST(:types AS text[]), CAST(:bodies AS bytea[]), CAST(:traceparents AS text[]), CAST(:times AS timestamptz[]))
     WITH ORDINALITY AS t (event_id, subject, sequence, part, type, body, traceparent, occurred_at, n)
ORDER BY n
""")
_ANYTHING = text("SELECT EXISTS (SELECT FROM outbox)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in a subject's history that a later query may ask to have seen."""

    source: str
    subject: str
    sequence: int


def partition_of(subject: str) -> int:
    """Return the relay partition of a subject."""
    return zlib.crc32(subject.encode()) % PARTITIONS


async def write(connection: Connection, source: str, drafts: Sequence[Draft]) -> list[Mark]:
    """Number the drafts and store them; return the newest mark of each subject."""
    if not drafts:
        return []
    counts = Counter(draft.subject for draft in drafts)
    numbered = await connection.execute(_NUMBER, {"subjects": list(counts), "counts": list(counts.values())})
    last: dict[str, int] = {row.subject: row.last for row in numbered}
    upcoming = {subject: last[subject] - count for subject, count in counts.items()}
    sequences = []
    for draft in drafts:
        upcoming[draft.subject] += 1
        sequences.append(upcoming[draft.subject])
    await connection.execute(
        _INSERT,
        {
            "event_ids": [draft.event_id for draft in drafts],
            "subjects": [draft.subject for draft in drafts],
            "sequences": sequences,
            "parts": [partition_of(draft.subject) for draft in drafts],
            "types": [draft.type for draft in drafts],
            "bodies": [encode(draft, source, sequence) for draft, sequence in zip(drafts, sequences, strict=True)],
            "traceparents": [draft.traceparent for draft in drafts],
            "times": [draft.occurred_at for draft in drafts],
        },
    )
    return [Mark(source, subject, sequence) for subject, sequence in last.items()]


async def holds_anything(connection: Connection) -> bool:
    """True when an event waits to be told, due or not."""
    return bool((await connection.execute(_ANYTHING)).scalar_one())
