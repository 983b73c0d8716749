"""Changes on the floor: raised once per kind until somebody acknowledges them, escalated once when nobody does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.ids import uuid7
from chassis.sql import text
from planning_service.adapters.bulk import BulkInsert
from planning_service.adapters.catalogue_cache import Reader
from planning_service.domain.floor_change import FloorChange
from planning_service.domain.production_order import ProductionOrder

_RAISE = BulkInsert(
    "floor_change",
    {
        "id": "uuid", "production_order_number": "text", "kind": "text", "before": "text", "after": "text", "unit": "text",
        "raised_at": "timestamptz", "raised_by": "text",
    },
    # A second change of the same kind stands for both; a new id, so that nobody acknowledges what he has not seen.
    "ON CONFLICT (production_order_number, kind) WHERE acknowledged_at IS NULL DO UPDATE SET id = excluded.id, "
    "after = excluded.after, raised_at = excluded.raised_at, raised_by = excluded.raised_by, escalated_at = NULL",
)  # fmt: skip
_RAISE_BOM = text("""
INSERT INTO floor_change (id, production_order_number, kind, before, after, unit, raised_at, raised_by)
SELECT gen_random_uuid(), p.number, 'bom', CAST(p.bom_version AS text), CAST(:version AS text), '', :now, :who
FROM production_order p
WHERE p.live AND p.item_code = :item AND p.dispatched_at IS NOT NULL AND p.state <> 'received' AND p.bom_hash <> :hash
  AND NOT EXISTS (SELECT 1 FROM floor_change f
                  WHERE f.production_order_number = p.number AND f.kind = 'bom' AND f.after = CAST(:version AS text))
  AND (CAST(:start AS date) IS NULL OR p.due_date >= :start) AND (CAST(:stop AS date) IS NULL OR p.due_date <= :stop)
ON CONFLICT (production_order_number, kind) WHERE acknowledged_at IS NULL DO UPDATE SET id = excluded.id,
  after = excluded.after, raised_at = excluded.raised_at, raised_by = excluded.raised_by, escalated_at = NULL
RETURNING id, production_order_number, before, after
""")
_ACKNOWLEDGE = text("""
UPDATE floor_change SET acknowledged_at = :now, acknowledged_by = :who
WHERE production_order_number = :number AND acknowledged_at IS NULL
  AND (cardinality(CAST(:ids AS uuid[])) = 0 OR id = ANY(:ids))
RETURNING id
""")
_ESCALATE = text("""
WITH late AS (
  UPDATE floor_change SET escalated_at = :now
  WHERE id IN (
    SELECT id FROM floor_change WHERE acknowledged_at IS NULL AND escalated_at IS NULL AND raised_at <= :before
    ORDER BY raised_at LIMIT 200 FOR UPDATE SKIP LOCKED
  )
  RETURNING id, production_order_number, kind, before, after, unit, raised_at
)
SELECT l.id, l.production_order_number, l.kind, l.before, l.after, l.unit, l.raised_at, p.order_number, p.line_no, p.item_name,
  coalesce(p.team, '') AS team, p.traceparent
FROM late l JOIN production_order p ON p.number = l.production_order_number ORDER BY l.raised_at
""")
_PENDING = text("""
SELECT production_order_number, id, kind, before, after, unit, raised_at, raised_by, escalated_at FROM floor_change
WHERE production_order_number = ANY(:numbers) AND acknowledged_at IS NULL ORDER BY raised_at, id
""")


class FloorChangeRows:
    """Changes in one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def keep(self, order: ProductionOrder) -> None:
        """Keep what came up just now; it gets its id here."""
        fresh = [change for change in order.changes if change.id is None]
        for change in fresh:
            change.id = uuid7()
        await _RAISE.run(self._unit, [self._values(order.number, change) for change in fresh])

    async def raise_bom(self, item: str, version: int, content: str, start: Any, stop: Any) -> list[Any]:
        """Tell every production order on the floor that was planned from another bill; return what was raised."""
        values = {"item": item, "version": str(version), "hash": content, "start": start, "stop": stop}
        values |= {"now": self._unit.now, "who": self._unit.actor}
        return list(await self._unit.execute(_RAISE_BOM, values))

    async def acknowledge(self, number: str, ids: Sequence[UUID]) -> list[UUID]:
        """Take note that these, or all, have been seen; return those nobody had acknowledged before."""
        values = {"number": number, "ids": list(ids), "now": self._unit.now, "who": self._unit.actor}
        return sorted((await self._unit.execute(_ACKNOWLEDGE, values)).scalars())

    async def escalate(self, after: timedelta) -> list[Any]:
        """Mark what waits longer than `after` and return it, each once."""
        return list(await self._unit.execute(_ESCALATE, {"now": self._unit.now, "before": self._unit.now - after}))

    def _values(self, number: str, change: FloorChange) -> dict[str, Any]:
        return {
            "id": change.id, "production_order_number": number, "kind": change.kind.value, "before": change.before,
            "after": change.after, "unit": change.unit, "raised_at": change.raised_at, "raised_by": self._unit.actor,
        }  # fmt: skip


async def pending(reader: Reader, numbers: Sequence[str]) -> dict[str, list[Any]]:
    """Return what nobody has acknowledged, by production order, oldest first."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in await reader.execute(_PENDING, {"numbers": list(numbers)}):
        found[row.production_order_number].append(row)
    return found


def waited_minutes(raised_at: datetime, now: datetime) -> int:
    """Return how long a change has waited, in whole minutes."""
    return int((now - raised_at).total_seconds() // 60)
