"""Bulk plan jobs: resumable, one runner at a time holds one by a lease."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.catalogue_cache import Reader
from planning_service.adapters.order_copies import weight_of

LEASE_SECONDS = 30
_NEW = text("INSERT INTO plan_job (id, who, started_at) VALUES (:id, :who, :now)")
_NEW_ORDERS = text(f"""
INSERT INTO plan_job_order (job_id, position, order_key)
SELECT :id, row_number() OVER (ORDER BY {weight_of("k.urgency")}, k.due_date NULLS LAST, t.n), t.key
FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY AS t (key, n)
LEFT JOIN order_copy k ON k.order_number = t.key
""")  # noqa: S608  constants
_CLAIM = text("""
UPDATE plan_job SET claimed_until = now() + :lease * interval '1 second'
WHERE id = (SELECT id FROM plan_job WHERE finished_at IS NULL AND coalesce(claimed_until, '-infinity') < now()
            ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, who
""")
_KEEP_CLAIM = text("""
UPDATE plan_job SET claimed_until = now() + :lease * interval '1 second' WHERE id = :id AND finished_at IS NULL RETURNING id
""")
_NEXT = text("""
SELECT position, order_key FROM plan_job_order WHERE job_id = :id AND result IS NULL ORDER BY position LIMIT :size
""")
_DONE = text("""
UPDATE plan_job_order o SET result = t.result, reason = t.reason, unplanned = CAST(t.unplanned AS jsonb), shortage_count = t.short
FROM unnest(CAST(:positions AS int[]), CAST(:results AS text[]), CAST(:reasons AS text[]), CAST(:unplanneds AS text[]),
            CAST(:shorts AS int[])) AS t (position, result, reason, unplanned, short)
WHERE o.job_id = :id AND o.position = t.position
""")
_CANCEL = text("UPDATE plan_job_order SET result = 'cancelled', reason = '' WHERE job_id = :id AND result IS NULL")
_STILL_WAITING = text("""
SELECT position FROM plan_job_order WHERE job_id = :id AND position = ANY (CAST(:positions AS int[])) AND result IS NULL
ORDER BY position FOR NO KEY UPDATE
""")
_FINISH = text("UPDATE plan_job SET finished_at = :now, claimed_until = NULL WHERE id = :id AND finished_at IS NULL")
_JOB = text("SELECT id, started_at, finished_at FROM plan_job WHERE id = :id")
_COUNTS = text("""
SELECT count(*) AS total, count(result) AS done, count(*) FILTER (WHERE result = 'planned') AS planned,
       count(*) FILTER (WHERE result IN ('planned', 'partly') AND shortage_count > 0) AS short,
       count(*) FILTER (WHERE result = 'refused') AS failed, count(*) FILTER (WHERE result = 'cancelled') AS cancelled
FROM plan_job_order WHERE job_id = :id
""")
_VERDICTS = text("""
SELECT position, order_key, coalesce(result, '') AS result, coalesce(reason, '') AS reason, unplanned, shortage_count
FROM plan_job_order WHERE job_id = :id AND position > :after ORDER BY position LIMIT :size
""")
_ENTRIES = text("""
SELECT order_key, result, reason, unplanned, shortage_count FROM plan_job_order
WHERE job_id = :id AND (result IN ('partly', 'refused', 'cancelled') OR shortage_count > 0) ORDER BY position LIMIT 1000
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one order of a job: planned, partly or refused."""

    position: int
    result: str
    reason: str = ""
    unplanned: Sequence[Mapping[str, Any]] = ()
    short: int = 0


class PlanJobRows:
    """Plan jobs in one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def start(self, job_id: UUID, keys: Sequence[str]) -> None:
        """Keep a new job; its orders are taken by urgency, due date, then as asked."""
        await self._unit.execute(_NEW, {"id": job_id, "who": self._unit.actor, "now": self._unit.now})
        await self._unit.execute(_NEW_ORDERS, {"id": job_id, "keys": list(keys)})

    async def claim(self) -> tuple[UUID, str] | None:
        """Lease the oldest open job; return its id and who asked."""
        row = (await self._unit.execute(_CLAIM, {"lease": LEASE_SECONDS})).one_or_none()
        return None if row is None else (row.id, row.who)

    async def upcoming(self, job_id: UUID, size: int) -> list[tuple[int, str]]:
        """Return the next orders not done, and renew the lease; none when the job is finished."""
        if (await self._unit.execute(_KEEP_CLAIM, {"id": job_id, "lease": LEASE_SECONDS})).one_or_none() is None:
            return []
        rows = await self._unit.execute(_NEXT, {"id": job_id, "size": size})
        return [(row.position, row.order_key) for row in rows]

    async def done(self, job_id: UUID, verdicts: Sequence[Verdict]) -> None:
        """Keep what became of some orders."""
        columns = {
            "positions": [one.position for one in verdicts], "results": [one.result for one in verdicts],
            "reasons": [one.reason for one in verdicts], "shorts": [one.short for one in verdicts],
            "unplanneds": [json.dumps(list(one.unplanned), ensure_ascii=False) for one in verdicts],
        }  # fmt: skip
        await self._unit.execute(_DONE, {"id": job_id, **columns})

    async def cancel(self, job_id: UUID) -> None:
        """Take the orders out that nobody has come to yet."""
        await self._unit.execute(_CANCEL, {"id": job_id})

    async def still_waiting(self, job_id: UUID, positions: Sequence[int]) -> set[int]:
        """Lock these orders of a job and return those nobody has cancelled meanwhile."""
        values = {"id": job_id, "positions": list(positions)}
        return set((await self._unit.execute(_STILL_WAITING, values)).scalars())

    async def finish(self, job_id: UUID) -> None:
        """Close a job."""
        await self._unit.execute(_FINISH, {"id": job_id, "now": self._unit.now})


async def job_of(reader: Reader, job_id: UUID) -> tuple[Any, Any, list[Any]] | None:
    """Return the head, the counts and the entries that need a person."""
    head = (await reader.execute(_JOB, {"id": job_id})).one_or_none()
    if head is None:
        return None
    counts = (await reader.execute(_COUNTS, {"id": job_id})).one()
    return head, counts, list(await reader.execute(_ENTRIES, {"id": job_id}))


async def verdicts_of(reader: Reader, job_id: UUID, after: int, size: int) -> list[Any]:
    """Return the orders of a job behind a position, done or not."""
    return list(await reader.execute(_VERDICTS, {"id": job_id, "after": after, "size": size}))
