"""Production orders, plans, promises and scans: domain objects to messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from planning_service.adapters.message_forms import stamp
from planning_service.adapters.production_views import PickView, PlanLineView, PlanView, ProductionView, pick_list
from planning_service.domain.change import GONE
from planning_service.domain.component import Component
from planning_service.domain.exact import ZERO, plain
from planning_service.domain.operation import ScanFlag
from planning_service.domain.plan import OrderPlan
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.promise import LEAD_TIME_UNKNOWN, LinePromise
from planning_service.domain.scan import ScanOutcome
from planning_service.domain.scan_code import operation_code
from planning_service.domain.shortage import Shortage


def production_order_message(view: ProductionView, current_hash: str | None = None) -> pb.ProductionOrder:
    """Return a production order as people see it; `current_hash` tells whether its bill has changed since."""
    message = bare_message(view.order)
    message.priority = view.rank
    message.customer_name = view.customer_name
    message.bom_outdated = current_hash is not None and current_hash != view.bom_hash
    for component in view.components:
        _add_component(message, component)
        if component.short > 0:
            message.shortages.append(shortage_message(component))
    message.pending_changes.extend(_pending(row) for row in view.pending)
    return message


def _pending(row: Any) -> pb.PendingChange:
    return pb.PendingChange(
        id=str(row.id),
        kind=row.kind,
        before=row.before,
        after=row.after,
        unit=row.unit,
        raised_at=stamp(row.raised_at),
        raised_by=row.raised_by,
        escalated=row.escalated_at is not None,
    )


def bare_message(order: ProductionOrder) -> pb.ProductionOrder:
    """Return the facts of a production order, without components and rank."""
    return pb.ProductionOrder(
        id=str(order.id),
        number=order.number,
        state=order.state.value,
        order_number=order.order_number,
        line_no=order.line_no,
        parent_number=order.parent_number or "",
        item_code=order.item_code,
        item_name=order.item_name,
        quantity=plain(order.quantity),
        unit=order.unit,
        routing_code=order.routing_code,
        operations=[operation_message(order, index) for index in range(len(order.operations))],
        scan_code=order.number,
        urgency=order.urgency.value,
        due_date=order.due_date.isoformat(),
        team=order.team or "",
        created_at=stamp(order.created_at),
        dispatched_at=stamp(order.dispatched_at),
        started_at=stamp(order.started_at),
        finished_at=stamp(order.finished_at),
        inspected_at=stamp(order.inspected_at),
        received_at=stamp(order.received_at),
        completed_at=stamp(order.completed_at),
        passed_quantity=plain(order.passed),
        rework_quantity=plain(order.rework),
        scrapped_quantity=plain(order.scrapped),
        received_quantity=plain(order.received),
        version=order.version,
        allowed=[move.value for move in order.allowed],
        reason=order.reason or "",
        bom_hash=order.bom_hash,
    )


def operation_message(order: ProductionOrder, index: int) -> pb.Operation:
    """Return one operation with its derived state and flags."""
    operation = order.operations[index]
    flags = set(operation.flags)
    if order.is_out_of_order(index):
        flags.add(ScanFlag.OUT_OF_ORDER)
    return pb.Operation(
        sequence=operation.sequence,
        code=operation.step.code,
        name=operation.step.name,
        work_center=operation.step.work_center,
        state=order.operation_state(index).value,
        good_quantity=plain(operation.good),
        scrap_quantity=plain(operation.scrap),
        started_at=stamp(operation.started_at),
        finished_at=stamp(operation.last_report_at) if order.is_done(index) else None,
        flags=sorted(flags),
        scan_code=operation_code(order.number, operation.sequence),
        rework_quantity=plain(operation.rework),
    )


def _add_component(message: pb.ProductionOrder, component: Component) -> None:
    """Built in place: of a plan's many components a copy each is a millisecond."""
    message.components.add(
        item_code=component.item_code,
        item_name=component.item_name,
        required=plain(component.required),
        reserved=plain(component.reserved),
        issued=plain(component.issued),
        short=plain(component.short),
        unit=component.unit,
    )


def shortage_message(found: Component | PickView | Shortage) -> pb.Shortage:
    """Return what is missing of one item."""
    return pb.Shortage(item_code=found.item_code, item_name=found.item_name, short=plain(found.short), unit=found.unit)


def plan_message(view: PlanView) -> pb.PlanOrderResponse:
    """Return the plan of an order as it stands now."""
    message = pb.PlanOrderResponse(
        order_number=view.order_number,
        unplanned_lines=[
            pb.UnplannedLine(line_no=line["line_no"], reason=line["reason"], params=line["params"])
            for line in view.unplanned
        ],
    )
    for one in view.production_orders:
        message.production_orders.append(production_order_message(one))
    gone = {one.order.number for one in view.production_orders if one.order.state in GONE}
    for pick in pick_list([one for one in view.components if one.production_order_number not in gone]):
        _add_pick(message, pick)
        if pick.short > 0:
            message.shortages.append(shortage_message(pick))
    return message


def _add_pick(message: pb.PlanOrderResponse, pick: PickView) -> None:
    message.pick_list.add(
        item_code=pick.item_code,
        item_name=pick.item_name,
        required=plain(pick.required),
        available=plain(pick.available),
        reserved=plain(pick.reserved),
        short=plain(pick.short),
        unit=pick.unit,
    )


def promise_message(promise: LinePromise, plan: OrderPlan, due: str) -> pb.LinePromise:
    """Return the promise of a line that is not planned yet."""
    item = next(line.item for line in plan.lines if line.line_no == promise.line_no)
    by = promise.producible_by.isoformat() if promise.producible_by else ""
    return pb.LinePromise(
        line_no=promise.line_no,
        item_code=item.code,
        item_name=item.name,
        quantity=plain(promise.quantity),
        unit=item.unit,
        from_stock=plain(promise.from_stock),
        to_make=plain(promise.to_make),
        producible_by=by,
        shortages=[shortage_message(shortage) for shortage in promise.shortages],
        reason=promise.reason or "",
        late=bool(by) and by > due,
    )


def planned_promise_message(line: PlanLineView, components: Sequence[Component], day: date | None) -> pb.LinePromise:
    """Return the promise of a planned line: what the plan said, its day, and what is short now."""
    short: dict[str, pb.Shortage] = {}
    for component in components:
        if component.line_no == line.line_no and component.short > 0:
            known = short.get(component.item_code)
            total = component.short + (Decimal(known.short) if known else 0)
            short[component.item_code] = shortage_message(component)
            short[component.item_code].short = plain(total)
    missing = sum((c.short for c in components if c.line_no == line.line_no and not c.production_order_number), ZERO)
    by = day.isoformat() if day else ""
    return pb.LinePromise(
        line_no=line.line_no,
        item_code=line.item_code,
        item_name=line.item_name,
        quantity=plain(line.quantity),
        unit=line.unit,
        from_stock=plain(line.from_stock - missing),
        to_make=plain(line.to_make),
        producible_by=by,
        shortages=[short[code] for code in sorted(short)],
        reason="" if by else LEAD_TIME_UNKNOWN,
        late=bool(by) and by > line.due_date.isoformat(),
    )


def verdict_message(scan_id: str, outcome: ScanOutcome, order: ProductionOrder | None) -> pb.ScanVerdict:
    """Return the verdict of one scan."""
    verdict = pb.ScanVerdict(
        scan_id=scan_id, result=outcome.result.value, reason=outcome.reason or "", params=dict(outcome.params)
    )
    if order is not None:
        verdict.production_order.CopyFrom(pb.ScannedOrder(number=order.number, state=order.state.value))
        if outcome.index is not None:
            verdict.operation.CopyFrom(operation_message(order, outcome.index))
        following = order.next_open()
        if following is not None:
            verdict.next.CopyFrom(operation_message(order, following))
    return verdict


def scan_message(row: Any) -> pb.RecordedScan:
    """Return a recorded scan as people see it."""
    return pb.RecordedScan(
        scan_id=row.scan_id,
        device_id=row.device_id,
        actor=row.actor,
        occurred_at=stamp(row.occurred_at),
        recorded_at=stamp(row.recorded_at),
        action=row.action,
        operation_sequence=row.operation_sequence or 0,
        quantity=plain(row.quantity) if row.quantity is not None else "",
        scrap=plain(row.scrap) if row.scrap is not None else "",
        result=row.result,
        reason=row.reason,
        serial=row.serial,
    )
