"""Production orders in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.bulk import BulkInsert
from planning_service.adapters.floor_changes import FloorChangeRows
from planning_service.adapters.production_rows import (
    LOCKED,
    OPERATIONS_OF,
    ORDER_COLUMNS,
    fixed_values,
    moving_values,
    operation_of,
    operation_values,
    production_order_of,
    reported_values,
)
from planning_service.domain.operation import Operation
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.work_centers import check_place

NEXT_NUMBERS = "SELECT nextval('production_order_number') FROM generate_series(1, CAST(:count AS int))"
_NUMBERS = text(NEXT_NUMBERS)
_BY_NUMBER = text(f"SELECT {ORDER_COLUMNS} FROM production_order p WHERE p.number = :key FOR NO KEY UPDATE")  # noqa: S608
_BY_ID = text(f"SELECT {ORDER_COLUMNS} FROM production_order p WHERE p.id = :key FOR NO KEY UPDATE")  # noqa: S608
_OF_ORDER = text(
    f"SELECT {ORDER_COLUMNS} FROM production_order p WHERE p.order_number = :order "  # noqa: S608
    "ORDER BY p.number FOR NO KEY UPDATE"
)
ORDERS = BulkInsert(
    "production_order",
    {
        "number": "text", "id": "uuid", "order_number": "text", "line_no": "int", "parent_number": "text",
        "item_code": "text", "item_name": "text", "unit": "text", "whole_units": "boolean", "quantity": "numeric",
        "routing_code": "text", "bom_version": "bigint", "bom_hash": "text", "due_date": "date", "urgency": "text",
        "planner_rank": "int", "asked_at": "timestamptz", "sort_key": "text", "state": "text", "live": "boolean",
        "created_at": "timestamptz", "traceparent": "text",
    },
    prefix="p_",
)  # fmt: skip
OPERATIONS = BulkInsert(
    "operation",
    {
        "production_order_number": "text", "sequence": "int", "code": "text", "name": "text", "work_center": "text",
        "minutes_per_unit": "numeric", "setup_minutes": "numeric",
    },
    prefix="o_",
)  # fmt: skip
_SET = """
UPDATE production_order SET state = :state, live = :live, team = :team, due_date = :due_date, urgency = :urgency,
  planner_rank = :planner_rank, rank_reason = :rank_reason, sort_key = :sort_key, dispatched_at = :dispatched_at,
  held_at = :held_at, passed = :passed, rework = :rework, scrapped = :scrapped, rework_waiting = :rework_waiting,
  inspected_at = :inspected_at, received = :received, received_at = :received_at, settled = :settled,
  completed_at = :completed_at, cancelled_at = :cancelled_at, closed_short_at = :closed_short_at, reason = :reason,
  version = version + 1
WHERE number = :number
"""
_SAVE = text(_SET)
_SAVE_SCANNED = text(f"""
WITH reported AS (
  UPDATE operation SET good = :good, scrap = :scrap, started_at = :op_started_at, last_report_at = :last_report_at, flags = :flags,
    rework = :op_rework
  WHERE production_order_number = :number AND sequence = :sequence
)
{_SET}
""")  # noqa: S608


class ProductionOrderRows:
    """Loads under a row lock, saves facts and the derived state together."""

    def __init__(self, unit: Transaction, work_centers: frozenset[str] = frozenset()) -> None:
        self._unit = unit
        self._work_centers = work_centers  # a caller bound to these gets no other's job by name; empty: any

    async def next_numbers(self, count: int, today: date) -> list[str]:
        """Return numbers nobody has had: POyyyymmdd-nnnn, gaps allowed."""
        found = await self._unit.execute(_NUMBERS, {"count": count})
        return [number_of(value, today) for value in found.scalars()]

    async def add(self, orders: Sequence[ProductionOrder], bom_versions: Sequence[int]) -> None:
        """Insert new production orders with their frozen operations: two statements."""
        await ORDERS.run(self._unit, order_rows(orders, bom_versions))
        await OPERATIONS.run(self._unit, operation_rows(orders))

    async def locked(self, key: str) -> ProductionOrder | None:
        """Return the production order with this number, scan code or id, locked; None for none. Raise NotYourWorkCenter."""
        if "\x00" in key:
            return None
        statement, value = (_BY_ID, as_uuid(key)) if as_uuid(key) else (_BY_NUMBER, key)
        row = (await self._unit.execute(statement, {"key": value})).one_or_none()
        if row is None:
            return None
        order = production_order_of(row, (await self._operations([row.number]))[row.number])
        check_place(order, self._work_centers)
        return order

    async def locked_of_order(self, order_number: str) -> list[ProductionOrder]:
        """Return all production orders of an order, locked, by number."""
        rows = list(await self._unit.execute(_OF_ORDER, {"order": order_number}))
        operations = await self._operations([row.number for row in rows])
        return [production_order_of(row, operations[row.number]) for row in rows]

    async def locked_many(self, numbers: Sequence[str]) -> list[ProductionOrder]:
        """Return production orders by their numbers, locked in that order; unknown ones are left out."""
        if not numbers:
            return []
        rows = list(await self._unit.execute(LOCKED, {"numbers": list(numbers)}))
        operations = await self._operations([row.number for row in rows])
        return [production_order_of(row, operations[row.number]) for row in rows]

    async def save(self, order: ProductionOrder, operation: Operation | None = None) -> None:
        """Write back a production order, together with the operation that moved when there is one."""
        values = moving_values(order)
        if operation is None:
            await self._unit.execute(_SAVE, values)
        else:
            await self._unit.execute(_SAVE_SCANNED, {**values, **reported_values(operation)})
        if order.changes:
            await FloorChangeRows(self._unit).keep(order)
        order.version += 1

    async def _operations(self, numbers: list[str]) -> dict[str, list[Operation]]:
        found: dict[str, list[Operation]] = defaultdict(list)
        if numbers:
            for row in await self._unit.execute(OPERATIONS_OF, {"numbers": numbers}):
                found[row.production_order_number].append(operation_of(row))
        return found


def number_of(value: int, today: date) -> str:
    """Return the number people see."""
    return f"PO{today:%Y%m%d}-{value:04d}"


def order_rows(orders: Sequence[ProductionOrder], bom_versions: Sequence[int]) -> list[dict[str, Any]]:
    """Return the rows of new production orders."""
    return [fixed_values(order, version) for order, version in zip(orders, bom_versions, strict=True)]


def operation_rows(orders: Sequence[ProductionOrder]) -> list[dict[str, Any]]:
    """Return the rows of their frozen operations."""
    return [operation_values(order.number, op) for order in orders for op in order.operations]


def as_uuid(key: str) -> UUID | None:
    """Return the key as a UUID when it is one."""
    if len(key) != 36:
        return None
    try:
        return UUID(key)
    except ValueError:
        return None
