"""Balances and ledger in SQL. The lock is a statement of its own, so that what follows sees fresh rows (reliability.md 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from chassis.database import Transaction
from chassis.sql import Rows, text
from inventory_service.app.ports import Movement
from inventory_service.domain.balance import Balance

LOCK = """
SELECT item_code, on_hand, reserved, quarantined, safety_stock FROM stock
WHERE item_code = ANY (CAST(:items AS text[])) ORDER BY item_code FOR NO KEY UPDATE
"""
_ENSURE = text("""
INSERT INTO stock (item_code, safety_stock)
SELECT t.code, coalesce(c.safety_stock, 0)
FROM unnest(CAST(:items AS text[])) AS t (code) LEFT JOIN item_copy c ON c.item_code = t.code
ORDER BY t.code ON CONFLICT DO NOTHING RETURNING item_code
""")
_MOVE = text("""
WITH t AS (SELECT item_code, change FROM unnest(CAST(:items AS text[]), CAST(:changes AS numeric[])) AS t (item_code, change)),
ledger AS (
  INSERT INTO stock_movement (movement_id, item_code, kind, quantity, ref, reason, actor, at)
  SELECT :movement_id, item_code, :kind, change, :ref, :reason, :actor, :at FROM t ORDER BY item_code
)
UPDATE stock s SET on_hand = s.on_hand + t.change FROM t WHERE s.item_code = t.item_code
""")
_NOTE = text("""
INSERT INTO stock_movement (movement_id, item_code, kind, quantity, ref, reason, actor, at)
VALUES (:movement_id, :item, :kind, 0, :ref, :reason, :actor, :at)
""")
_QUARANTINE = text("""
UPDATE stock s SET quarantined = s.quarantined + t.change
FROM unnest(CAST(:items AS text[]), CAST(:changes AS numeric[])) AS t (item_code, change) WHERE s.item_code = t.item_code
""")
_HOLD_BACK = text("UPDATE stock SET safety_stock = :safety_stock WHERE item_code = :item")


class SqlStock:
    """Balances of one transaction. `known` items have a row for sure; `lock_sql` is there for the tests' mutants."""

    def __init__(self, unit: Transaction, lock_sql: str = LOCK, known: set[str] | None = None) -> None:
        self._unit = unit
        self._lock = text(lock_sql)
        self._known = set() if known is None else known
        self._mine: set[str] = set()

    async def secure(self, items: Iterable[str]) -> None:
        wanted = sorted(set(items) - self._mine)
        if wanted:
            await self._take(wanted)

    async def lock(self, items: Iterable[str]) -> dict[str, Balance]:
        rows = await self._take(sorted(set(items)))
        return {row.item_code: Balance(row.on_hand, row.reserved, row.quarantined, row.safety_stock) for row in rows}

    async def _take(self, items: list[str]) -> Rows:
        await self._ensure([item for item in items if item not in self._known])
        self._mine.update(items)
        return await self._unit.execute(self._lock, {"items": items})

    async def _ensure(self, items: list[str]) -> None:
        """Make missing rows before any lock is taken: a row made later would be locked out of order."""
        if items:
            made = set((await self._unit.execute(_ENSURE, {"items": items})).scalars())
            self._known.update(item for item in items if item not in made)  # ours may still be rolled back

    async def move(self, movement: Movement, changes: Mapping[str, Decimal]) -> None:
        moved = {item: change for item, change in changes.items() if change}
        if not moved:
            return
        columns = {"items": list(moved), "changes": list(moved.values())}
        await self._unit.execute(_MOVE, {**self._words(movement), **columns})

    async def note(self, movement: Movement, item: str) -> None:
        await self._unit.execute(_NOTE, {**self._words(movement), "item": item})

    def _words(self, movement: Movement) -> dict[str, Any]:
        return {
            "movement_id": movement.id, "kind": movement.kind, "ref": movement.ref, "reason": movement.reason,
            "actor": self._unit.actor, "at": self._unit.now,
        }  # fmt: skip

    async def quarantine(self, changes: Mapping[str, Decimal]) -> None:
        moved = {item: change for item, change in changes.items() if change}
        if moved:
            await self._unit.execute(_QUARANTINE, {"items": list(moved), "changes": list(moved.values())})

    async def hold_back(self, item: str, safety_stock: Decimal) -> None:
        await self._unit.execute(_HOLD_BACK, {"item": item, "safety_stock": safety_stock})
