"""Copies of production orders: what may still be received."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text

from inventory_service.adapters.executor import Executor
from inventory_service.domain.entry import findable
from inventory_service.domain.production import Receivable

_COLUMNS = """number, id, order_number, line_no, parent_number, item_code, unit, planned, good, passed, scrapped, received,
       state, traceparent"""
_FIND = text(f"SELECT {_COLUMNS} FROM receivable WHERE number = :name OR (id = :name AND id <> '')")  # noqa: S608
_OF_NUMBERS = text(f"SELECT {_COLUMNS} FROM receivable WHERE number = ANY (CAST(:numbers AS text[]))")  # noqa: S608
_LEARN = text("""
INSERT INTO receivable (number, id, order_number, line_no, parent_number, item_code, unit, planned, good, passed, scrapped,
                        state, traceparent)
VALUES (:number, :id, :order_number, :line_no, :parent_number, :item_code, :unit, :planned, :good, :passed, :scrapped,
        :state, :traceparent)
ON CONFLICT (number) DO UPDATE
SET id = CASE WHEN EXCLUDED.id <> '' THEN EXCLUDED.id ELSE receivable.id END,
    order_number = EXCLUDED.order_number, line_no = EXCLUDED.line_no,
    item_code = CASE WHEN EXCLUDED.item_code <> '' THEN EXCLUDED.item_code ELSE receivable.item_code END,
    unit = CASE WHEN EXCLUDED.item_code <> '' THEN EXCLUDED.unit ELSE receivable.unit END,
    planned = CASE WHEN EXCLUDED.planned > 0 THEN EXCLUDED.planned ELSE receivable.planned END,
    parent_number = CASE WHEN EXCLUDED.parent_number <> '' THEN EXCLUDED.parent_number ELSE receivable.parent_number END,
    good = greatest(EXCLUDED.good, receivable.good), passed = greatest(EXCLUDED.passed, receivable.passed),
    scrapped = greatest(EXCLUDED.scrapped, receivable.scrapped),
    state = CASE WHEN receivable.state = 'open' THEN EXCLUDED.state ELSE receivable.state END,
    traceparent = CASE WHEN EXCLUDED.traceparent <> '' THEN EXCLUDED.traceparent ELSE receivable.traceparent END
""")
# The guard and the change are one statement: two handhelds never receive more than passed (X35).
_RECEIVE = text(f"""
UPDATE receivable SET received = received + CAST(:quantity AS numeric)
WHERE number = :number AND state <> 'cancelled'
  AND passed > 0
  AND (CAST(:tolerance AS numeric) IS NULL
       OR received + CAST(:quantity AS numeric) <= passed * (1 + CAST(:tolerance AS numeric)))
RETURNING {_COLUMNS}
""")  # noqa: S608


class SqlReceivables:
    """Production orders known to inventory."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def find(self, name: str) -> Receivable | None:
        row = (await self._executor.execute(_FIND, {"name": name})).first() if findable(name) else None
        return _receivable(row) if row else None

    async def of_numbers(self, numbers: Collection[str]) -> dict[str, Receivable]:
        if not numbers:
            return {}
        rows = await self._executor.execute(_OF_NUMBERS, {"numbers": list(numbers)})
        return {row.number: _receivable(row) for row in rows}

    async def learn(self, orders: Sequence[Receivable]) -> None:
        for order in sorted(orders, key=lambda order: order.number):
            await self._executor.execute(_LEARN, _values(order))

    async def receive(self, number: str, quantity: Decimal, tolerance: Decimal | None) -> Receivable | None:
        values = {"number": number, "quantity": quantity, "tolerance": tolerance}
        row = (await self._executor.execute(_RECEIVE, values)).first()
        return _receivable(row) if row else None


def _receivable(row: Row[Any]) -> Receivable:
    return Receivable(
        row.number, row.order_number, row.line_no, row.item_code, row.unit, row.planned, row.parent_number, row.good, row.passed,
        row.scrapped, row.received, row.state, row.id, row.traceparent,
    )  # fmt: skip


def _values(order: Receivable) -> dict[str, Any]:
    return {
        "number": order.number, "id": order.id, "order_number": order.order, "line_no": order.line_no,
        "parent_number": order.parent, "item_code": order.item, "unit": order.unit, "planned": order.planned,
        "good": order.good, "passed": order.passed, "scrapped": order.scrapped, "state": order.state,
        "traceparent": order.traceparent,
    }  # fmt: skip
