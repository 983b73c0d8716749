"""Copies of customer orders: what may still be shipped and taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from chassis.sql import Row, text
from inventory_service.adapters.executor import Executor
from inventory_service.app.ports import GoodsLine
from inventory_service.domain.entry import findable
from inventory_service.domain.shipping import ENDED_STATES, SHIPPABLE_STATES, OrderCopy, Shippable

_FIND = text("""
SELECT number, id, state, urgency, ship_on_receipt, traceparent FROM order_copy
WHERE number = ANY (CAST(:names AS text[])) OR (id = ANY (CAST(:names AS text[])) AND id <> '')
""")
_LINES = text("""
SELECT order_number, line_no, item_code, unit, ordered, shipped, returned FROM shippable
WHERE order_number = ANY (CAST(:numbers AS text[])) ORDER BY order_number, line_no
""")
_STATES = text("SELECT number, state FROM order_copy WHERE number = ANY (CAST(:numbers AS text[]))")
_LEARN = text("""
INSERT INTO order_copy (number, id, state, urgency, ship_on_receipt, traceparent)
VALUES (:number, :id, :state, :urgency, :ship_on_receipt, :traceparent)
ON CONFLICT (number) DO UPDATE
SET id = CASE WHEN EXCLUDED.id <> '' THEN EXCLUDED.id ELSE order_copy.id END,
    state = CASE WHEN order_copy.state = ANY (CAST(:ended AS text[])) AND EXCLUDED.state <> ALL (CAST(:ended AS text[]))
                 THEN order_copy.state ELSE EXCLUDED.state END,
    urgency = EXCLUDED.urgency, ship_on_receipt = EXCLUDED.ship_on_receipt,
    traceparent = CASE WHEN EXCLUDED.traceparent <> '' THEN EXCLUDED.traceparent ELSE order_copy.traceparent END
""")
_LEARN_LINES = text("""
INSERT INTO shippable (order_number, line_no, item_code, unit, ordered)
SELECT :number, line_no, item_code, unit, ordered
FROM unnest(CAST(:line_nos AS int[]), CAST(:items AS text[]), CAST(:units AS text[]), CAST(:ordereds AS numeric[]))
     AS t (line_no, item_code, unit, ordered) ORDER BY line_no
ON CONFLICT (order_number, line_no) DO UPDATE
SET item_code = EXCLUDED.item_code, unit = EXCLUDED.unit, ordered = EXCLUDED.ordered
""")
_SET_STATE = text("UPDATE order_copy SET state = :state WHERE number = :number")
_WANTED = """unnest(CAST(:orders AS text[]), CAST(:line_nos AS int[]), CAST(:quantities AS numeric[]))
     AS t (order_number, line_no, quantity)"""
# The guard and the change are one statement per shipment: nothing is ever shipped beyond what was ordered (X46, X50).
_SHIP = text(f"""
UPDATE shippable s SET shipped = s.shipped + t.quantity
FROM {_WANTED} JOIN order_copy o ON o.number = t.order_number
WHERE s.order_number = t.order_number AND s.line_no = t.line_no AND o.state = ANY (CAST(:states AS text[]))
  AND s.shipped - s.returned + t.quantity <= s.ordered
RETURNING s.order_number, s.line_no
""")  # noqa: S608  constants
_TAKE_BACK = text(f"""
UPDATE shippable s SET returned = s.returned + t.quantity FROM {_WANTED}
WHERE s.order_number = t.order_number AND s.line_no = t.line_no AND s.returned + t.quantity <= s.shipped
RETURNING s.order_number, s.line_no
""")  # noqa: S608  constants


class SqlOrders:
    """Customer orders known to inventory."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def find(self, names: Collection[str]) -> dict[str, OrderCopy]:
        rows = (await self._executor.execute(_FIND, {"names": [name for name in names if findable(name)]})).all()
        if not rows:
            return {}
        lines = (await self._executor.execute(_LINES, {"numbers": [row.number for row in rows]})).all()
        orders = [_order(row, [line for line in lines if line.order_number == row.number]) for row in rows]
        by_name = {name: order for order in orders for name in (order.id, order.number)}
        return {name: by_name[name] for name in names if name in by_name}

    async def states(self, numbers: Collection[str]) -> dict[str, str]:
        rows = await self._executor.execute(_STATES, {"numbers": list(numbers)})
        return {row.number: row.state for row in rows}

    async def learn(self, order: OrderCopy) -> None:
        words = {
            "number": order.number, "id": order.id, "state": order.state, "urgency": order.urgency,
            "ship_on_receipt": order.ship_on_receipt, "traceparent": order.traceparent, "ended": list(ENDED_STATES),
        }  # fmt: skip
        await self._executor.execute(_LEARN, words)
        columns = {
            "line_nos": [line.line_no for line in order.lines], "items": [line.item for line in order.lines],
            "units": [line.unit for line in order.lines], "ordereds": [line.ordered for line in order.lines],
        }  # fmt: skip
        await self._executor.execute(_LEARN_LINES, {"number": order.number, **columns})

    async def set_state(self, number: str, state: str) -> None:
        await self._executor.execute(_SET_STATE, {"number": number, "state": state})

    async def ship(self, lines: Sequence[GoodsLine]) -> set[tuple[str, int]]:
        rows = await self._executor.execute(_SHIP, {**_columns(lines), "states": list(SHIPPABLE_STATES)})
        return {(row.order_number, row.line_no) for row in rows}

    async def take_back(self, lines: Sequence[GoodsLine]) -> set[tuple[str, int]]:
        rows = await self._executor.execute(_TAKE_BACK, _columns(lines))
        return {(row.order_number, row.line_no) for row in rows}


def _columns(lines: Sequence[GoodsLine]) -> dict[str, list[Any]]:
    return {
        "orders": [line.order for line in lines], "line_nos": [line.line_no for line in lines],
        "quantities": [line.quantity for line in lines],
    }  # fmt: skip


def _order(row: Row, lines: Iterable[Row]) -> OrderCopy:
    shippables = tuple(
        Shippable(line.line_no, line.item_code, line.unit, line.ordered, line.shipped, line.returned) for line in lines
    )
    return OrderCopy(row.number, row.state, row.id, row.urgency, row.ship_on_receipt, row.traceparent, shippables)
