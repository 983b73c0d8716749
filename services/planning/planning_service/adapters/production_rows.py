"""Rows of production orders and operations to domain objects and back."""

from __future__ import annotations

from typing import Any

from chassis.sql import text
from planning_service.domain.exact import trimmed
from planning_service.domain.lifecycle import LIVE
from planning_service.domain.operation import Operation, ScanFlag
from planning_service.domain.priority import Priority, Urgency
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.routing import RoutingOperation

ORDER_COLUMNS = """
p.number, p.id, p.order_number, p.line_no, p.parent_number, p.item_code, p.item_name, p.unit, p.whole_units, p.quantity,
p.routing_code, p.bom_version, p.bom_hash, p.due_date, p.urgency, p.planner_rank, p.asked_at, p.sort_key, p.state, p.team,
p.created_at, p.dispatched_at, p.held_at, p.passed, p.rework, p.scrapped, p.rework_waiting, p.inspected_at, p.received,
p.received_at, p.rank_reason, p.settled, p.completed_at, p.cancelled_at, p.closed_short_at, p.reason, p.version, p.traceparent
"""
# A lock is a statement of its own: joined operations would be read as they stood before the wait for it.
LOCKED = text(
    f"SELECT {ORDER_COLUMNS} FROM production_order p WHERE p.number = ANY(:numbers) "  # noqa: S608  constants
    "ORDER BY p.number FOR NO KEY UPDATE"
)
OPERATIONS_OF = text("""
SELECT o.production_order_number, o.sequence, o.code, o.name, o.work_center, o.minutes_per_unit, o.setup_minutes, o.good, o.scrap,
       o.started_at, o.last_report_at, o.flags, o.rework
FROM operation o WHERE o.production_order_number = ANY(:numbers) ORDER BY o.production_order_number, o.sequence
""")


def production_order_of(row: Any, operations: list[Operation]) -> ProductionOrder:
    """Return the production order of a row with its operations."""
    return ProductionOrder(
        id=row.id,
        number=row.number,
        order_number=row.order_number,
        line_no=row.line_no,
        item_code=row.item_code,
        item_name=row.item_name,
        unit=row.unit,
        quantity=trimmed(row.quantity),
        due_date=row.due_date,
        created_at=row.created_at,
        operations=operations,
        whole_units=row.whole_units,
        parent_number=row.parent_number,
        routing_code=row.routing_code,
        urgency=Urgency(row.urgency),
        planner_rank=row.planner_rank,
        rank_reason=row.rank_reason,
        asked_at=row.asked_at,
        team=row.team,
        dispatched_at=row.dispatched_at,
        held_at=row.held_at,
        passed=trimmed(row.passed),
        rework=trimmed(row.rework),
        scrapped=trimmed(row.scrapped),
        rework_waiting=row.rework_waiting,
        inspected_at=row.inspected_at,
        received=trimmed(row.received),
        received_at=row.received_at,
        settled=row.settled,
        completed_at=row.completed_at,
        cancelled_at=row.cancelled_at,
        closed_short_at=row.closed_short_at,
        reason=row.reason,
        version=row.version,
        traceparent=row.traceparent,
        bom_hash=row.bom_hash,
    )


def operation_of(row: Any) -> Operation:
    """Return the operation of a row."""
    step = RoutingOperation(row.sequence, row.code, row.name, row.work_center, row.minutes_per_unit, row.setup_minutes)
    flags = {ScanFlag(flag) for flag in row.flags}
    rework = trimmed(row.rework)
    return Operation(step, trimmed(row.good), trimmed(row.scrap), row.started_at, row.last_report_at, flags, rework)


def sort_key(order: ProductionOrder) -> str:
    """Return the text that sorts production orders by priority."""
    return Priority.of(
        planner_rank=order.planner_rank,
        urgency=order.urgency,
        due_date=order.due_date,
        asked_at=order.asked_at or order.created_at,
    ).sort_key()


def fixed_values(order: ProductionOrder, bom_version: int) -> dict[str, Any]:
    """Return the columns that never change after creation."""
    return {
        "number": order.number,
        "id": order.id,
        "order_number": order.order_number,
        "line_no": order.line_no,
        "parent_number": order.parent_number,
        "item_code": order.item_code,
        "item_name": order.item_name,
        "unit": order.unit,
        "whole_units": order.whole_units,
        "quantity": order.quantity,
        "routing_code": order.routing_code,
        "bom_version": bom_version,
        "bom_hash": order.bom_hash,
        "due_date": order.due_date,
        "urgency": order.urgency.value,
        "planner_rank": order.planner_rank,
        "asked_at": order.asked_at or order.created_at,
        "sort_key": sort_key(order),
        "state": order.state.value,
        "live": True,
        "created_at": order.created_at,
        "traceparent": order.traceparent,
    }


def moving_values(order: ProductionOrder) -> dict[str, Any]:
    """Return the columns that change over a production order's life."""
    return {
        "number": order.number,
        "state": order.state.value,
        "live": order.state in LIVE,
        "team": order.team,
        "due_date": order.due_date,
        "urgency": order.urgency.value,
        "planner_rank": order.planner_rank,
        "rank_reason": order.rank_reason,
        "sort_key": sort_key(order),
        "dispatched_at": order.dispatched_at,
        "held_at": order.held_at,
        "passed": order.passed,
        "rework": order.rework,
        "scrapped": order.scrapped,
        "rework_waiting": order.rework_waiting,
        "inspected_at": order.inspected_at,
        "received": order.received,
        "received_at": order.received_at,
        "settled": order.settled,
        "completed_at": order.completed_at,
        "cancelled_at": order.cancelled_at,
        "closed_short_at": order.closed_short_at,
        "reason": order.reason,
    }


def operation_values(number: str, operation: Operation) -> dict[str, Any]:
    """Return the columns of a fresh operation."""
    step = operation.step
    return {
        "production_order_number": number,
        "sequence": step.sequence,
        "code": step.code,
        "name": step.name,
        "work_center": step.work_center,
        "minutes_per_unit": step.minutes_per_unit,
        "setup_minutes": step.setup_minutes,
    }


def reported_values(operation: Operation) -> dict[str, Any]:
    """Return the columns a report changes."""
    return {
        "sequence": operation.sequence,
        "good": operation.good,
        "scrap": operation.scrap,
        "op_started_at": operation.started_at,
        "last_report_at": operation.last_report_at,
        "flags": sorted(operation.flags),
        "op_rework": operation.rework,
    }
