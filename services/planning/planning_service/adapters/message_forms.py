"""How planning's events are filled in."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.planning.v1 import events_pb2 as pb

from planning_service.domain.component import Component
from planning_service.domain.device_clock import clamped
from planning_service.domain.exact import plain
from planning_service.domain.floor_change import FloorChange
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.scan import ScanOutcome, ScanReport


def stamp(at: datetime | None) -> Timestamp | None:
    """Return the instant as a protobuf timestamp; None stays unset."""
    if at is None:
        return None
    found = Timestamp()
    found.FromDatetime(at)
    return found


def demand(component: Component) -> pb.Demand:
    """Return what inventory shall hold of one component."""
    return pb.Demand(
        line_no=component.line_no,
        item_code=component.item_code,
        quantity=plain(component.required),
        unit=component.unit,
        due_date=component.due_date.isoformat(),
    )


def planned(order: ProductionOrder, components: list[pb.Demand]) -> pb.PlannedProductionOrder:
    """Return a production order as the plan tells it."""
    return pb.PlannedProductionOrder(
        production_order_number=order.number,
        parent_number=order.parent_number or "",
        line_no=order.line_no,
        item_code=order.item_code,
        quantity=plain(order.quantity),
        unit=order.unit,
        due_date=order.due_date.isoformat(),
        urgency=order.urgency.value,
        rank=order.planner_rank or 0,
        components=components,
    )


def created(order: ProductionOrder, rank: int) -> pb.ProductionOrderCreated:
    """Return the news of one production order."""
    return pb.ProductionOrderCreated(
        production_order_number=order.number,
        order_number=order.order_number,
        line_no=order.line_no,
        parent_number=order.parent_number or "",
        item_code=order.item_code,
        item_name=order.item_name,
        quantity=plain(order.quantity),
        unit=order.unit,
        routing_code=order.routing_code,
        due_date=order.due_date.isoformat(),
        urgency=order.urgency.value,
        priority=rank,
        scan_code=order.number,
    )


def started(order: ProductionOrder, scan: ScanReport, outcome: ScanOutcome, now: datetime) -> pb.OperationStarted:
    """Return the news that an operation began."""
    operation = order.operations[outcome.index or 0]
    return pb.OperationStarted(
        production_order_number=order.number,
        order_number=order.order_number,
        line_no=order.line_no,
        operation_sequence=operation.sequence,
        operation_name=operation.step.name,
        work_center=operation.step.work_center,
        started_at=stamp(clamped(order, scan.occurred_at, now)),
        device_id=scan.device_id,
        scan_id=scan.scan_id,
        first=outcome.first_start,
    )


def finished(order: ProductionOrder, scan: ScanReport, index: int) -> pb.OperationFinished:
    """Return the news that an operation is done."""
    operation = order.operations[index]
    following = order.operations[index + 1].step if index + 1 < len(order.operations) else None
    return pb.OperationFinished(
        production_order_number=order.number,
        order_number=order.order_number,
        line_no=order.line_no,
        operation_sequence=operation.sequence,
        operation_name=operation.step.name,
        work_center=operation.step.work_center,
        finished_at=stamp(operation.last_report_at),
        good_quantity=plain(operation.good),
        scrap_quantity=plain(operation.scrap),
        unit=order.unit,
        next_operation=following.name if following else "",
        next_work_center=following.work_center if following else "",
        device_id=scan.device_id,
        scan_id=scan.scan_id,
        last=following is None,
        item_name=order.item_name,
        quantity=plain(order.quantity),
    )


def floor_changed(order: ProductionOrder, change: FloorChange) -> pb.ProductionOrderChanged:
    """Return the news of one change on the floor."""
    return pb.ProductionOrderChanged(
        production_order_number=order.number,
        order_number=order.order_number,
        line_no=order.line_no,
        item_name=order.item_name,
        team=order.team or "",
        change_id=str(change.id),
        kind=change.kind.value,
        before=change.before,
        after=change.after,
        unit=change.unit,
        raised_at=stamp(change.raised_at),
    )
