"""Waits for material in Postgres."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from chassis.sql import Statement, text

_BEGIN = text("""
INSERT INTO order_shortage (order_id, demand, item_code, raised_at) VALUES (:order_id, :demand, :item_code, :at)
ON CONFLICT (order_id, demand, item_code) DO UPDATE SET cleared_at = NULL
""")
_END = text("""
UPDATE order_shortage SET cleared_at = :at
WHERE order_id = :order_id AND demand = :demand AND item_code = :item_code AND cleared_at IS NULL
""")


class ShortageRepository:
    """Shortages of one transaction; the first moment an item was short stays."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def begin(self, order_id: UUID, demand: str, item_code: str, at: datetime) -> None:
        """Note that an item is short; once, until cleared."""
        await self._change(_BEGIN, order_id, demand, item_code, at)

    async def end(self, order_id: UUID, demand: str, item_code: str, at: datetime) -> None:
        """Note that it no longer is."""
        await self._change(_END, order_id, demand, item_code, at)

    async def _change(self, statement: Statement, order_id: UUID, demand: str, item_code: str, at: datetime) -> None:
        params = {"order_id": order_id, "demand": demand, "item_code": item_code, "at": at}
        await self._unit.execute(statement, params)
