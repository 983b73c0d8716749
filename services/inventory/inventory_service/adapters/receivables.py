"""Copies of production orders: what may still be received."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from chassis.sql import Row, text
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
SELECT number, id, order_number, line_no, parent_number, item_code, unit, planned, good, passed, scrapped, state, traceparent
FROM unnest(CAST(:numbers AS text[]), CAST(:ids AS text[]), CAST(:orders AS text[]), CAST(:line_nos AS int[]),
            CAST(:parents AS text[]), CAST(:items AS text[]), CAST(:units AS text[]), CAST(:planneds AS numeric[]),
            CAST(:goods AS numeric[]), CAST(:passeds AS numeric[]), CAST(:scrappeds AS numeric[]), CAST(:states AS text[]),
            CAST(:traces AS text[]))
     AS t (number, id, order_number, line_no, parent_number, item_code, unit, planned, good, passed, scrapped, state,
           traceparent)
ORDER BY number
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
_DEAD = text("""
SELECT number FROM receivable WHERE number = ANY (CAST(:numbers AS text[])) AND state <> 'open'
""")
_BEGUN = text(f"""
SELECT {_COLUMNS} FROM receivable WHERE number = ANY (CAST(:numbers AS text[])) AND received > 0
""")  # noqa: S608
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

    async def dead(self, numbers: Collection[str]) -> set[str]:
        return set((await self._executor.execute(_DEAD, {"numbers": list(numbers)})).scalars()) if numbers else set()

    async def begun(self, numbers: Collection[str]) -> dict[str, Receivable]:
        rows = await self._executor.execute(_BEGUN, {"numbers": list(numbers)}) if numbers else ()
        return {row.number: _receivable(row) for row in rows}

    async def learn(self, orders: Sequence[Receivable]) -> None:
        if orders:
            await self._executor.execute(_LEARN, _columns(list({order.number: order for order in orders}.values())))

    async def receive(self, number: str, quantity: Decimal, tolerance: Decimal | None) -> Receivable | None:
        values = {"number": number, "quantity": quantity, "tolerance": tolerance}
        row = (await self._executor.execute(_RECEIVE, values)).first()
        return _receivable(row) if row else None


def _receivable(row: Row) -> Receivable:
    return Receivable(
        row.number, row.order_number, row.line_no, row.item_code, row.unit, row.planned, row.parent_number, row.good, row.passed,
        row.scrapped, row.received, row.state, row.id, row.traceparent,
    )  # fmt: skip


def _columns(orders: Sequence[Receivable]) -> dict[str, list[Any]]:
    return {
        "numbers": [order.number for order in orders], "ids": [order.id for order in orders],
        "orders": [order.order for order in orders], "line_nos": [order.line_no for order in orders],
        "parents": [order.parent for order in orders], "items": [order.item for order in orders],
        "units": [order.unit for order in orders], "planneds": [order.planned for order in orders],
        "goods": [order.good for order in orders], "passeds": [order.passed for order in orders],
        "scrappeds": [order.scrapped for order in orders], "states": [order.state for order in orders],
        "traces": [order.traceparent for order in orders],
    }  # fmt: skip
