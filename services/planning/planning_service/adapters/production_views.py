"""Queries over plans and production orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.sql import text
from planning_service.adapters.catalogue_cache import Reader
from planning_service.adapters.components import COLUMNS as COMPONENT_COLUMNS
from planning_service.adapters.components import component_of
from planning_service.adapters.floor_changes import pending
from planning_service.adapters.production_orders import as_uuid
from planning_service.adapters.production_rows import (
    OPERATIONS_OF,
    ORDER_COLUMNS,
    operation_of,
    production_order_of,
)
from planning_service.domain.component import Component
from planning_service.domain.exact import ZERO
from planning_service.domain.operation import Operation
from planning_service.domain.production_order import ProductionOrder

_RANK = """
CASE WHEN p.live THEN 1 + (SELECT count(*) FROM production_order q WHERE q.live AND (q.sort_key, q.number) < (p.sort_key, p.number))
ELSE 0 END AS rank
"""
_VIEW = f"SELECT {ORDER_COLUMNS}, {_RANK}, coalesce(k.customer_name, '') AS customer_name"
_FROM = "FROM production_order p LEFT JOIN order_copy k ON k.order_number = p.order_number"
_ONE = text(f"{_VIEW} {_FROM} WHERE p.number = :key")
_ONE_BY_ID = text(f"{_VIEW} {_FROM} WHERE p.id = :key")
# An order of a thousand production orders has them ranked in one pass over what comes before the last of them.
_OF_ORDER = text(f"""
SELECT {ORDER_COLUMNS}, coalesce(q.place, 0) AS rank, coalesce(k.customer_name, '') AS customer_name {_FROM}
LEFT JOIN (
  SELECT number, row_number() OVER (ORDER BY sort_key, number) AS place FROM production_order
  WHERE live AND sort_key <= (SELECT max(sort_key) FROM production_order WHERE live AND order_number = :order)
) q ON q.number = p.number
WHERE p.order_number = :order ORDER BY p.number
""")  # noqa: S608  constants
_FILTER = """
WHERE (:order = '' OR p.order_number = :order OR k.order_id = :order) AND (:state = '' OR p.state = :state)
  AND (:team = '' OR p.team = :team) AND (cardinality(CAST(:numbers AS text[])) = 0 OR p.number = ANY(:numbers))
  AND (:work_center = '' OR p.number IN (SELECT o.production_order_number FROM operation o WHERE o.work_center = :work_center))
"""
_CHANGED = """
  AND (NOT :changed OR EXISTS (
    SELECT 1 FROM floor_change f WHERE f.production_order_number = p.number AND f.acknowledged_at IS NULL))
"""
_NEWEST = text(f"{_VIEW} {_FROM} {_FILTER} {_CHANGED} AND p.id < :after_id ORDER BY p.id DESC LIMIT :size")
_BY_PRIORITY = text(
    f"{_VIEW} {_FROM} {_FILTER} {_CHANGED} AND (p.live OR :changed) AND (p.sort_key, p.number) > (:after_key, :after_number) "
    "ORDER BY p.sort_key, p.number LIMIT :size"
)
_COMPONENTS = text(
    f"SELECT {COMPONENT_COLUMNS} FROM component c WHERE c.production_order_number = ANY(:numbers) "  # noqa: S608
    "ORDER BY c.production_order_number, c.item_code"
)
_OF_PLAN = text(
    f"SELECT {COMPONENT_COLUMNS} FROM component c WHERE c.order_number = :order "  # noqa: S608
    "ORDER BY c.production_order_number, c.item_code"
)
_PLAN = text("SELECT order_number, unplanned FROM plan WHERE order_number = :order OR order_id = :order")
_PLAN_LINES = text("""
SELECT line_no, item_code, item_name, quantity, unit, from_stock, to_make, due_date, producible_by
FROM plan_line WHERE order_number = :order ORDER BY line_no
""")
_BEING_MADE = text("""
SELECT p.item_code, p.number, p.quantity, p.received, p.due_date, p.state FROM unnest(CAST(:items AS text[])) AS t (code)
CROSS JOIN LATERAL (
  SELECT item_code, number, quantity, received, due_date, state FROM production_order
  WHERE live AND item_code = t.code AND quantity > received ORDER BY due_date, number LIMIT 50
) p ORDER BY p.item_code, p.due_date, p.number
""")
NEWEST_FIRST = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class ProductionView:
    """A production order as people see it."""

    order: ProductionOrder
    rank: int
    customer_name: str
    sort_key: str
    bom_hash: str
    components: list[Component] = field(default_factory=list)
    pending: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PickView:
    """One line of the order's pick list, in totals over all its production orders and stocked lines."""

    item_code: str
    item_name: str
    unit: str
    required: Decimal
    available: Decimal
    reserved: Decimal
    short: Decimal


@dataclass(frozen=True, slots=True)
class PlanLineView:
    """One planned line as it was promised."""

    line_no: int
    item_code: str
    item_name: str
    quantity: Decimal
    unit: str
    from_stock: Decimal
    to_make: Decimal
    due_date: date
    producible_by: date | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan of one order, as it stands now."""

    order_number: str
    production_orders: list[ProductionView]
    components: list[Component]
    unplanned: list[dict[str, Any]]
    lines: list[PlanLineView]


async def one(reader: Reader, key: str) -> ProductionView | None:
    """Return the production order with this number, scan code or id."""
    found = as_uuid(key)
    rows = list(await reader.execute(_ONE_BY_ID if found else _ONE, {"key": found or key}))
    return (await _views(reader, rows))[0] if rows else None


async def plan_of(reader: Reader, order: str) -> PlanView | None:
    """Return the plan of an order by number or id; None when it was never planned."""
    head = (await reader.execute(_PLAN, {"order": order})).one_or_none()
    if head is None:
        return None
    number = {"order": head.order_number}
    components = [component_of(row) for row in await reader.execute(_OF_PLAN, number)]
    views = await _views(reader, list(await reader.execute(_OF_ORDER, number)), components)
    lines = [PlanLineView(*row) for row in await reader.execute(_PLAN_LINES, number)]
    return PlanView(head.order_number, views, components, head.unplanned, lines)


async def being_made(reader: Reader, items: Sequence[str]) -> list[Any]:
    """Return live production orders that still bring the items, earliest due first, 50 of each at most."""
    return list(await reader.execute(_BEING_MADE, {"items": items}))


async def newest(reader: Reader, wanted: Mapping[str, Any], after: UUID, size: int) -> list[ProductionView]:
    """Return production orders older than `after`, newest first."""
    rows = await reader.execute(_NEWEST, {**wanted, "after_id": after, "size": size})
    return await _views(reader, list(rows))


async def by_priority(
    reader: Reader, wanted: Mapping[str, Any], after: tuple[str, str], size: int
) -> list[ProductionView]:
    """Return live production orders behind `after`, first priority first."""
    values = {**wanted, "after_key": after[0], "after_number": after[1], "size": size}
    return await _views(reader, list(await reader.execute(_BY_PRIORITY, values)))


def pick_list(components: Sequence[Component]) -> list[PickView]:
    """Return the order's pick list: one line per item, by item code."""
    groups: dict[str, list[Component]] = defaultdict(list)
    for component in components:
        if component.to_pick > 0 or component.short > 0:
            groups[component.item_code].append(component)
    return [_pick(groups[code]) for code in sorted(groups)]


def _pick(group: list[Component]) -> PickView:
    first = group[0]
    if len(group) == 1:  # as most are
        required, reserved, short = first.to_pick, first.reserved, first.short
    else:
        required = sum((c.to_pick for c in group), ZERO)
        reserved = sum((c.reserved for c in group), ZERO)
        short = sum((c.short for c in group), ZERO)
    return PickView(
        first.item_code,
        first.item_name,
        first.unit,
        required=required,
        available=first.available,
        reserved=min(required, reserved),
        short=short,
    )


async def _views(reader: Reader, rows: Sequence[Any], known: Sequence[Component] | None = None) -> list[ProductionView]:
    numbers = [row.number for row in rows]
    operations: dict[str, list[Operation]] = defaultdict(list)
    components: dict[str, list[Component]] = defaultdict(list)
    waiting: dict[str, list[Any]] = {}
    if numbers:
        for found in await reader.execute(OPERATIONS_OF, {"numbers": numbers}):
            operations[found.production_order_number].append(operation_of(found))
        if known is None:
            known = [component_of(row) for row in await reader.execute(_COMPONENTS, {"numbers": numbers})]
        waiting = await pending(reader, numbers)
        for component in known:
            components[component.production_order_number].append(component)
    return [
        ProductionView(
            production_order_of(row, operations[row.number]),
            row.rank,
            row.customer_name,
            row.sort_key,
            row.bom_hash,
            components[row.number],
            waiting.get(row.number, []),
        )
        for row in rows
    ]
