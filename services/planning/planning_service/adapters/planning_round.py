"""What planning an order reads before, and shows after: one statement ahead, none behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.sql import text
from planning_service.adapters.catalogue_cache import Reader
from planning_service.adapters.production_rows import sort_key
from planning_service.adapters.production_views import PlanView, ProductionView
from planning_service.app.facts import Prepared
from planning_service.app.plan_order import Kept
from planning_service.domain.component import Component

_UNHEARD = """
SELECT s.subject, s.last FROM subject_sequence s
WHERE s.subject IN (SELECT DISTINCT 'orders/' || d.order_number FROM unheard_demand d) LIMIT 200
"""
_BEFORE = text(f"""
SELECT (SELECT epoch FROM catalogue_epoch) AS epoch, p.order_number IS NOT NULL AS planned,
       ARRAY(SELECT line_no FROM plan_line WHERE order_number = p.order_number) AS lines,
       (SELECT json_object_agg(customer_id, items) FROM (
          SELECT customer_id, json_agg(item_code) AS items FROM refused_item GROUP BY customer_id) r) AS refusals,
       ARRAY(SELECT ROW(u.subject, u.last) FROM ({_UNHEARD}) u) AS unheard
FROM (VALUES (1)) AS one LEFT JOIN plan p ON p.order_number = :order OR p.order_id = :order
""")  # noqa: S608  constants


_PLANNED = text("SELECT order_number, line_no FROM plan_line WHERE order_number = ANY (CAST(:orders AS text[]))")


@dataclass(frozen=True, slots=True)
class Before:
    """The item master's epoch, the lines an order has planned already, and the plans inventory has not heard of."""

    epoch: int
    planned: bool
    lines: frozenset[int]
    unheard: list[tuple[str, int]]
    refusals: Mapping[str, Sequence[str]]


async def planned_lines(reader: Reader, orders: Sequence[str]) -> dict[str, set[int]]:
    """Return which lines of these orders are planned already."""
    found: dict[str, set[int]] = defaultdict(set)
    for row in await reader.execute(_PLANNED, {"orders": list(orders)}):
        found[row.order_number].add(row.line_no)
    return found


async def before_planning(reader: Reader, order: str) -> Before:
    """Return what must be known before an order is planned, in one statement."""
    row = (await reader.execute(_BEFORE, {"order": order})).one()
    return Before(row.epoch, row.planned, frozenset(row.lines), [(u[0], u[1]) for u in row.unheard], row.refusals or {})


def plan_just_kept(prepared: Prepared, kept: Kept, unplanned: list[dict[str, Any]]) -> PlanView:
    """Return the view of a plan as it was kept a moment ago, without reading it back."""
    groups: dict[str, list[Component]] = defaultdict(list)
    for component in sorted(kept.components, key=lambda c: c.item_code):
        groups[component.production_order_number].append(component)
    views = [
        ProductionView(
            order,
            kept.ranks[order.number],
            prepared.order.customer_name,
            sort_key(order),
            order.bom_hash,
            groups[order.number],
        )
        for order in sorted(kept.made, key=lambda order: order.number)
    ]
    return PlanView(prepared.order.number, views, list(kept.components), unplanned, [])
