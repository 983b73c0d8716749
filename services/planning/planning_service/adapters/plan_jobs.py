"""Bulk plan jobs: resumable, one runner at a time holds one by a lease."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.database import Transaction
from planning_service.adapters.catalogue_cache import Reader

LEASE_SECONDS = 30
_NEW = text("INSERT INTO plan_job (id, who, started_at) VALUES (:id, :who, :now)")
_NEW_ORDERS = text("""
INSERT INTO plan_job_order (job_id, position, order_key)
SELECT :id, row_number() OVER (ORDER BY CASE k.urgency WHEN 'red' THEN 0 WHEN 'yellow' THEN 1 ELSE 2 END,
                               k.due_date NULLS LAST, t.n), t.key
FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY AS t (key, n)
LEFT JOIN order_copy k ON k.order_number = t.key
""")
_CLAIM = text("""
UPDATE plan_job SET claimed_until = now() + :lease * interval '1 second'
WHERE id = (SELECT id FROM plan_job WHERE finished_at IS NULL AND coalesce(claimed_until, '-infinity') < now()
            ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, who
""")
_KEEP_CLAIM = text("UPDATE plan_job SET claimed_until = now() + :lease * interval '1 second' WHERE id = :id")
_NEXT = text("""
SELECT position, order_key FROM plan_job_order WHERE job_id = :id AND result IS NULL ORDER BY position LIMIT :size
""")
_DONE = text("""
UPDATE plan_job_order SET result = :result, reason = :reason, unplanned = CAST(:unplanned AS jsonb), shortage_count = :short
WHERE job_id = :id AND position = :position
""")
_FINISH = text("UPDATE plan_job SET finished_at = :now, claimed_until = NULL WHERE id = :id")
_CANCEL = text("UPDATE plan_job_order SET result = 'cancelled', reason = '' WHERE job_id = :id AND result IS NULL")
_JOB = text("SELECT id, started_at, finished_at FROM plan_job WHERE id = :id")
_COUNTS = text("""
SELECT count(*) AS total, count(result) AS done, count(*) FILTER (WHERE result = 'planned') AS planned,
       count(*) FILTER (WHERE result IN ('planned', 'partly') AND shortage_count > 0) AS short,
       count(*) FILTER (WHERE result = 'refused') AS failed, count(*) FILTER (WHERE result = 'cancelled') AS cancelled
FROM plan_job_order WHERE job_id = :id
""")
_IS_DONE = text("SELECT result IS NOT NULL FROM plan_job_order WHERE job_id = :id AND position = :position")
_ENTRIES = text("""
SELECT order_key, result, reason, unplanned, shortage_count FROM plan_job_order
WHERE job_id = :id AND (result IN ('partly', 'refused', 'cancelled') OR shortage_count > 0) ORDER BY position LIMIT 1000
""")


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
        """Return the next orders not done, and renew the lease."""
        await self._unit.execute(_KEEP_CLAIM, {"id": job_id, "lease": LEASE_SECONDS})
        rows = await self._unit.execute(_NEXT, {"id": job_id, "size": size})
        return [(row.position, row.order_key) for row in rows]

    async def done(
        self, job_id: UUID, position: int, result: str, *, reason: str, unplanned: list[dict[str, Any]], short: int
    ) -> None:
        """Keep what became of one order."""
        values = {"id": job_id, "position": position, "result": result, "reason": reason, "short": short}
        await self._unit.execute(_DONE, {**values, "unplanned": json.dumps(unplanned, ensure_ascii=False)})

    async def cancel(self, job_id: UUID) -> None:
        """Take the orders out that nobody has come to yet."""
        await self._unit.execute(_CANCEL, {"id": job_id})

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


async def is_done(reader: Reader, job_id: UUID, position: int) -> bool:
    """True when an order needs nothing any more, because somebody cancelled the rest of its job."""
    return bool((await reader.execute(_IS_DONE, {"id": job_id, "position": position})).scalar_one())
