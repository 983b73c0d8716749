"""Telling logged events again after the broker lost its data (reliability.md section 2, row 6)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from chassis.broker import Outgoing, Publisher

BATCH = 500
# The log's id is the commit order within one subject; no order between subjects is claimed.
_LOGGED = "SELECT event_id, subject, type, body, traceparent FROM event_log WHERE occurred_at >= $1 ORDER BY id"


def instant(text: str) -> datetime:
    """Read an RFC 3339 instant; raise ValueError without an offset, because a wall clock names no instant."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC")
    return read


async def republish(dsn: str, publisher: Publisher, since: datetime) -> int:
    """Publish what occurred from `since` on, each confirmed; return how many. Safe to repeat: the inbox skips.

    Raises Refused when a queue is missing (declare the topology first) and a LOST error when the broker goes away.
    """
    connection = await asyncpg.connect(dsn.replace("postgresql+asyncpg://", "postgresql://"), timeout=5)
    told = 0
    try:
        async with connection.transaction(readonly=True):
            cursor = await connection.cursor(_LOGGED, since)
            while rows := await cursor.fetch(BATCH):
                await _tell(publisher, rows)
                told += len(rows)
    finally:
        await connection.close()
    return told


async def _tell(publisher: Publisher, rows: Sequence[asyncpg.Record]) -> None:
    """Each subject's events one after the other, all subjects at once."""
    subjects: dict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        subjects[row["subject"]].append(row)
    await asyncio.gather(*(_chain(publisher, chain) for chain in subjects.values()))


async def _chain(publisher: Publisher, rows: Sequence[asyncpg.Record]) -> None:
    for row in rows:
        await publisher.publish(Outgoing(str(row["event_id"]), row["type"], row["body"], row["traceparent"]))
