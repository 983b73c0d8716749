"""Plans: one per order; a second press or a concurrent planner finds the same one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.bulk import BulkInsert
from planning_service.adapters.components import NEW_COMPONENTS, UNHEARD, ComponentRows, unheard_values
from planning_service.adapters.production_orders import (
    NEXT_NUMBERS,
    OPERATIONS,
    ORDERS,
    number_of,
    operation_rows,
    order_rows,
)
from planning_service.adapters.production_rows import sort_key
from planning_service.app.facts import Claimed, KeptLine, NewPlan, OrderFacts, Prepared
from planning_service.domain.change import LineChange
from planning_service.domain.component import Component
from planning_service.domain.exact import from_micro
from planning_service.domain.plan import OrderPlan

ENDED = ("cancelled", "closed_short")
"""Told by an event while the plan was worked out: planning goes by the newest it knows."""
# The copy of the order is the first lock: whoever hears meanwhile that the order was cancelled waits, then finds the plan.
_CLAIM = text(f"""
WITH told AS (
  SELECT * FROM unnest(CAST(:numbers AS text[]), CAST(:ids AS text[]), CAST(:customers AS text[]), CAST(:urgencies AS text[]),
                       CAST(:dues AS date[]), CAST(:traces AS text[]))
    AS t (order_number, order_id, customer_name, urgency, due_date, traceparent)
),
known AS (
  INSERT INTO order_copy (order_number, order_id, customer_name, urgency, due_date, traceparent)
  SELECT order_number, order_id, customer_name, urgency, due_date, traceparent FROM told ORDER BY order_number
  ON CONFLICT (order_number) DO UPDATE SET
    order_id = coalesce(nullif(excluded.order_id, ''), order_copy.order_id),
    customer_name = coalesce(nullif(excluded.customer_name, ''), order_copy.customer_name),
    urgency = excluded.urgency, due_date = excluded.due_date,
    traceparent = coalesce(nullif(order_copy.traceparent, ''), excluded.traceparent)
  RETURNING order_number, state
),
claimed AS (
  INSERT INTO plan (order_number, order_id, planned_at, planned_by, traceparent)
  SELECT order_number, order_id, CAST(:now AS timestamptz), CAST(:who AS text), traceparent FROM told JOIN known USING (order_number) ORDER BY order_number
  ON CONFLICT (order_number) DO UPDATE SET order_number = excluded.order_number
  RETURNING order_number, xmax = 0 AS fresh
)
SELECT order_number, state, fresh, ARRAY({NEXT_NUMBERS} WHERE once.place = 1) AS numbers
FROM (SELECT *, row_number() OVER () AS place FROM known JOIN claimed USING (order_number)) once
""")  # noqa: S608  constants
_LOCK = text("SELECT order_number FROM plan WHERE order_number = :number FOR NO KEY UPDATE")
_LINES_OF = text("SELECT order_number, line_no FROM plan_line WHERE order_number = ANY (CAST(:numbers AS text[]))")
_UNPLANNED = text("UPDATE plan SET unplanned = CAST(:unplanned AS jsonb) WHERE order_number = :number")
_KEPT = text("SELECT line_no, quantity, unit FROM plan_line WHERE order_number = :number ORDER BY line_no")
_ITEMS = text("SELECT line_no, item_code FROM plan_line WHERE order_number = :number")
_COVER = text("""
UPDATE plan_line SET quantity = :wanted, from_stock = :stocked, producible_by = NULL,
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
LINES = BulkInsert(
    "plan_line",
    {
        "order_number": "text", "line_no": "int", "item_code": "text", "item_name": "text", "quantity": "numeric",
        "unit": "text", "from_stock": "numeric", "to_make": "numeric", "due_date": "date", "producible_by": "date",
    },
    prefix="l_",
)  # fmt: skip
# The whole plan is one statement; foreign keys are checked at its end. `rank` is how many live production orders come
# before the first new one of each sort key: the statement does not see its own rows.
_WRITE = text(f"""
WITH made AS ({ORDERS.sql}), steps AS ({OPERATIONS.sql}), lines AS ({LINES.sql}), needs AS ({NEW_COMPONENTS.sql}),
unheard AS ({UNHEARD}),
head AS (
  UPDATE plan p SET unplanned = CAST(t.unplanned AS jsonb)
  FROM unnest(CAST(:numbers AS text[]), CAST(:unplanned AS text[])) AS t (order_number, unplanned)
  WHERE p.order_number = t.order_number
)
SELECT k.sort_key,
       (SELECT count(*) FROM production_order q WHERE q.live AND (q.sort_key, q.number) < (k.sort_key, k.number)) AS rank
FROM unnest(CAST(:keys AS text[]), CAST(:firsts AS text[])) AS k (sort_key, number)
""")  # noqa: S608  constants


class PlanRows:
    """Plans in one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def claim(self, plans: Sequence[Prepared], now: datetime, who: str, today: date) -> list[Claimed]:
        """Lock the orders' plans, made where there is none; numbers for their production orders come along."""
        orders, making = [plan.order for plan in plans], [len(plan.plan.drafts()) for plan in plans]
        rows = (
            await self._unit.execute(_CLAIM, {**_facts(orders), "now": now, "who": who, "count": sum(making)})
        ).all()
        known = await self._planned([row.order_number for row in rows if not row.fresh])
        states = {row.order_number: row.state for row in rows}
        numbers = iter([number_of(value, today) for row in rows for value in row.numbers])
        return [
            Claimed(
                frozenset(known.get(order.number, ())),
                list(islice(numbers, count)),
                states[order.number] if states[order.number] in ENDED else "",
            )
            for order, count in zip(orders, making, strict=True)
        ]

    async def _planned(self, numbers: Sequence[str]) -> dict[str, set[int]]:
        """Return the lines planned already, by order; read after the lock, so that nothing is missed."""
        found: dict[str, set[int]] = defaultdict(set)
        for row in await self._unit.execute(_LINES_OF, {"numbers": list(numbers)}) if numbers else ():
            found[row.order_number].add(row.line_no)
        return found

    async def add(self, plans: Sequence[NewPlan]) -> dict[str, int]:
        """Write planned lines, production orders, components, and what stays unplanned; return the ranks by number."""
        if not plans:
            return {}
        made = [one for plan in plans for one in plan.made]
        components = [component for plan in plans for component in plan.components]
        versions = [draft.version.version for plan in plans for draft in plan.prepared.plan.drafts()]
        firsts: dict[str, str] = {}
        for one in made:
            firsts.setdefault(sort_key(one), one.number)
        rows = await self._unit.execute(
            _WRITE,
            {
                **ORDERS.values(order_rows(made, versions)),
                **OPERATIONS.values(operation_rows(made)),
                **LINES.values([row for plan in plans for row in _line_rows(plan.prepared)]),
                **NEW_COMPONENTS.values_of(components), **unheard_values(components),
                "numbers": [plan.prepared.order.number for plan in plans],
                "unplanned": [_unplanned(plan.prepared.plan) for plan in plans],
                "keys": list(firsts), "firsts": list(firsts.values()),
            },
        )  # fmt: skip
        before = {row.sort_key: row.rank for row in rows}
        ranked = sorted(made, key=lambda one: (sort_key(one), one.number))
        return {one.number: before[sort_key(one)] + place for place, one in enumerate(ranked, 1)}

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


def _line_rows(prepared: Prepared) -> list[dict[str, Any]]:
    due = {line.line_no: line.due_date for line in prepared.order.lines}
    return [
        {
            "order_number": prepared.order.number,
            "line_no": line.line_no,
            "item_code": line.item.code,
            "item_name": line.item.name,
            "quantity": from_micro(line.quantity),
            "unit": line.item.unit,
            "from_stock": from_micro(line.need.to_pick),
            "to_make": from_micro(line.need.from_production),
            "due_date": due[line.line_no],
            "producible_by": prepared.promised.get(line.line_no),
        }
        for line in prepared.plan.lines
    ]


def _facts(orders: Sequence[OrderFacts]) -> dict[str, list[Any]]:
    return {
        "numbers": [order.number for order in orders], "ids": [order.id for order in orders],
        "customers": [order.customer_name for order in orders], "urgencies": [order.urgency.value for order in orders],
        "dues": [order.due_date for order in orders], "traces": [order.traceparent for order in orders],
    }  # fmt: skip


def _unplanned(plan: OrderPlan) -> str:
    return json.dumps(unplanned_lines(plan), ensure_ascii=False)


def unplanned_lines(plan: OrderPlan) -> list[dict[str, Any]]:
    """Return what can't be planned, and why, as it is kept."""
    return [
        {
            "line_no": line.line_no,
            "reason": line.refusal.reason,
            "params": {name: str(value) for name, value in line.refusal.params.items()},
        }
        for line in sorted(plan.unplanned, key=lambda line: line.line_no)
    ]
