"""Plans: one per order; a second press or a concurrent planner finds the same one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from chassis.database import Transaction
from planning_service.adapters.bulk import BulkInsert
from planning_service.adapters.components import ComponentRows
from planning_service.app.ports import KeptLine, OrderFacts
from planning_service.domain.change import LineChange
from planning_service.domain.component import Component
from planning_service.domain.errors import OrderNotPlannable
from planning_service.domain.exact import from_micro
from planning_service.domain.plan import OrderPlan

ENDED = ("cancelled", "closed_short")
"""Told by an event while the plan was worked out: planning goes by the newest it knows."""
_CLAIM = text("""
INSERT INTO plan (order_number, order_id, planned_at, planned_by, traceparent)
VALUES (:number, :id, :now, :who, :trace) ON CONFLICT (order_number) DO NOTHING
""")
_LOCK = text("SELECT order_number FROM plan WHERE order_number = :number FOR NO KEY UPDATE")
_STATE = text("SELECT state FROM order_copy WHERE order_number = :number")
_LINES = text("SELECT line_no FROM plan_line WHERE order_number = :number")
_UNPLANNED = text("UPDATE plan SET unplanned = CAST(:unplanned AS jsonb) WHERE order_number = :number")
_KEPT = text("SELECT line_no, quantity, unit FROM plan_line WHERE order_number = :number ORDER BY line_no")
_ITEMS = text("SELECT line_no, item_code FROM plan_line WHERE order_number = :number")
_COVER = text("""
UPDATE plan_line SET quantity = :wanted, from_stock = :stocked,
  to_make = greatest(CAST(:wanted AS numeric) - CAST(:stocked AS numeric), 0)
WHERE order_number = :number AND line_no = :line_no
""")
_STOCKED = text("""
UPDATE component SET required = :stocked
WHERE production_order_number = '' AND order_number = :number AND line_no = :line_no AND required > :stocked
""")
_NO_STOCKED = text("""
DELETE FROM component WHERE production_order_number = '' AND order_number = :number AND line_no = :line_no
""")
_NEW_LINES = BulkInsert(
    "plan_line",
    {
        "order_number": "text", "line_no": "int", "item_code": "text", "item_name": "text", "quantity": "numeric",
        "unit": "text", "from_stock": "numeric", "to_make": "numeric", "due_date": "date", "producible_by": "date",
    },
)  # fmt: skip


class PlanRows:
    """Plans in one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def claim(self, order: OrderFacts, now: datetime, who: str) -> set[int]:
        """Lock the order's plan, made if there is none; return the lines it has."""
        values = {"number": order.number, "id": order.id, "now": now, "who": who, "trace": order.traceparent}
        await self._unit.execute(_CLAIM, values)
        await self._unit.execute(_LOCK, {"number": order.number})
        state = (await self._unit.execute(_STATE, {"number": order.number})).scalar()
        if state in ENDED:
            raise OrderNotPlannable(number=order.number, state=state, allowed=[])
        return set((await self._unit.execute(_LINES, {"number": order.number})).scalars())

    async def add(
        self, order: OrderFacts, plan: OrderPlan, components: Sequence[Component], promised: Mapping[int, date | None]
    ) -> None:
        """Add planned lines, their components, and what stays unplanned."""
        due = {line.line_no: line.due_date for line in order.lines}
        rows: list[dict[str, Any]] = [
            {
                "order_number": order.number,
                "line_no": line.line_no,
                "item_code": line.item.code,
                "item_name": line.item.name,
                "quantity": from_micro(line.quantity),
                "unit": line.item.unit,
                "from_stock": from_micro(line.need.to_pick),
                "to_make": from_micro(line.need.from_production),
                "due_date": due[line.line_no],
                "producible_by": promised.get(line.line_no),
            }
            for line in plan.lines
        ]
        await _NEW_LINES.run(self._unit, rows)
        await ComponentRows(self._unit).add(components)
        await self._unit.execute(_UNPLANNED, {"number": order.number, "unplanned": _unplanned(plan)})

    async def locked_lines(self, order_number: str) -> tuple[dict[int, str], list[Component]]:
        """Return the item of each planned line, and all components; the plan is locked."""
        await self._unit.execute(_LOCK, {"number": order_number})
        rows = await self._unit.execute(_ITEMS, {"number": order_number})
        lines = {row.line_no: row.item_code for row in rows}
        return lines, await ComponentRows(self._unit).of_order(order_number)

    async def extend(self, order_number: str, plan: OrderPlan, components: Sequence[Component]) -> None:
        """Add components to planned lines; what can't be planned is told with its reason."""
        await ComponentRows(self._unit).add(components)
        if plan.unplanned:
            await self._unit.execute(_UNPLANNED, {"number": order_number, "unplanned": _unplanned(plan)})

    async def cover(self, order_number: str, changes: Mapping[int, LineChange]) -> None:
        """Set what the lines now cover; a line that gives stock back asks for less."""
        for line_no, change in changes.items():
            values = {"number": order_number, "line_no": line_no, "stocked": change.stocked}
            await self._unit.execute(_COVER, {**values, "wanted": change.wanted + change.surplus})
            if change.released:
                keys = {"number": order_number, "line_no": line_no}
                await self._unit.execute(
                    _STOCKED if change.stocked else _NO_STOCKED, values if change.stocked else keys
                )

    async def kept(self, order_number: str) -> tuple[list[KeptLine], list[Component]]:
        """Return all lines the plan covers and all its components."""
        rows = await self._unit.execute(_KEPT, {"number": order_number})
        lines = [KeptLine(row.line_no, row.quantity, row.unit) for row in rows]
        return lines, await ComponentRows(self._unit).of_order(order_number)


def _unplanned(plan: OrderPlan) -> str:
    return json.dumps(
        [
            {
                "line_no": line.line_no,
                "reason": line.refusal.reason,
                "params": {name: str(value) for name, value in line.refusal.params.items()},
            }
            for line in sorted(plan.unplanned, key=lambda line: line.line_no)
        ],
        ensure_ascii=False,
    )
