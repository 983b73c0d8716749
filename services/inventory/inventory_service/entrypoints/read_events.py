"""Event messages to domain words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from orderhub.order.v1 import events_pb2 as order_pb
from orderhub.planning.v1 import events_pb2 as planning_pb

from chassis.events import Incoming
from inventory_service.adapters.neighbours import DEAD_STATES, decimal_of
from inventory_service.app.reserve_components import Plan
from inventory_service.domain.item import Item
from inventory_service.domain.production import CANCELLED, COMPLETED, Receivable
from inventory_service.domain.quantity import ZERO
from inventory_service.domain.reservation import NO_DATE, NO_RANK, Claim, Line, LineKey, urgency_rank
from inventory_service.domain.shipping import OrderCopy, Shippable


def item(told: planning_pb.ItemChanged) -> Item:
    units = {unit.unit: decimal_of(unit.factor) for unit in told.units}
    return Item(
        told.item_code, told.name, told.unit, told.whole_units, decimal_of(told.safety_stock), units, told.version
    )


def order_planned(event: Incoming) -> planning_pb.OrderPlanned:
    """Return the plan an event tells. The largest event of the house: built at once where its data allows."""
    data = {name: value for name, value in event.data.items() if name != "planned_at"}
    try:
        return planning_pb.OrderPlanned(**data)
    except (TypeError, ValueError):  # fields of a newer producer
        return event.parse(planning_pb.OrderPlanned)


def plan(told: planning_pb.OrderPlanned, traceparent: str) -> Plan:
    return Plan(
        told.order_number, asked_lines(told, traceparent), receivables(told, traceparent), tuple(told.replaced_numbers)
    )


def asked_lines(told: planning_pb.OrderPlanned, traceparent: str) -> list[Line]:
    """Return what a plan wants held: components of its production orders, and lines served from stock."""
    lines = [
        _asked(demand, LineKey(of.production_order_number, told.order_number, of.line_no, demand.item_code),
               _claim(of.urgency or told.urgency, demand.due_date or of.due_date, of.rank or NO_RANK), traceparent)
        for of in told.production_orders
        for demand in of.components
    ]  # fmt: skip
    lines += [
        _asked(demand, LineKey("", told.order_number, demand.line_no, demand.item_code),
               _claim(told.urgency, demand.due_date, NO_RANK), traceparent)
        for demand in told.stocked_lines
    ]  # fmt: skip
    return [line for line in lines if line.need > 0]


@lru_cache(maxsize=200)
def _claim(urgency: str, due: str, rank: int) -> Claim:
    """The hundreds of components of a plan share few claims."""
    return Claim(urgency_rank(urgency), _day(due), rank)


def _asked(demand: planning_pb.Demand, key: LineKey, claim: Claim, traceparent: str) -> Line:
    return Line(key, demand.unit, decimal_of(demand.quantity), claim=claim, traceparent=traceparent)


def receivables(told: planning_pb.OrderPlanned, traceparent: str) -> list[Receivable]:
    return [
        Receivable(
            of.production_order_number, told.order_number, of.line_no, of.item_code, of.unit, decimal_of(of.quantity),
            of.parent_number, traceparent=traceparent,
        )
        for of in told.production_orders
    ]  # fmt: skip


def created(told: planning_pb.ProductionOrderCreated, traceparent: str) -> Receivable:
    return Receivable(
        told.production_order_number, told.order_number, told.line_no, told.item_code, told.unit, decimal_of(told.quantity),
        told.parent_number, traceparent=traceparent,
    )  # fmt: skip


def inspection_requested(told: planning_pb.InspectionRequested, traceparent: str) -> Receivable:
    return Receivable(
        told.production_order_number, told.order_number, told.line_no, told.item_code, told.unit, ZERO,
        good=decimal_of(told.quantity), traceparent=traceparent,
    )  # fmt: skip


def inspection_recorded(told: planning_pb.InspectionRecorded, traceparent: str) -> Receivable:
    return Receivable(
        told.production_order_number, told.order_number, told.line_no, told.item_code, told.unit, ZERO,
        passed=decimal_of(told.passed_quantity), scrapped=decimal_of(told.scrapped_quantity), traceparent=traceparent,
    )  # fmt: skip


def ended(told: planning_pb.ProductionOrderCancelled, traceparent: str) -> Receivable:
    state = told.state if told.state in DEAD_STATES else CANCELLED
    return Receivable(
        told.production_order_number,
        told.order_number,
        told.line_no,
        "",
        "",
        ZERO,
        state=state,
        traceparent=traceparent,
    )


def completed(told: planning_pb.ProductionOrderCompleted, traceparent: str) -> Receivable:
    return Receivable(
        told.production_order_number, told.order_number, told.line_no, told.item_code, told.unit, decimal_of(told.quantity),
        state=COMPLETED, traceparent=traceparent,
    )  # fmt: skip


def is_intent(told: order_pb.OrderSubmitted | order_pb.OrderChanged) -> bool:
    """True for an intent order that is not held as somebody's duplicate."""
    return told.kind == "intent" and told.state != "suspected_duplicate"


def confirmed(told: order_pb.OrderConfirmed, traceparent: str) -> OrderCopy:
    return OrderCopy(
        told.order_number,
        "confirmed",
        told.order_id,
        told.urgency,
        told.ship_on_receipt,
        traceparent,
        shippables(told.lines),
    )


def changed(told: order_pb.OrderChanged, traceparent: str) -> OrderCopy:
    return OrderCopy(
        told.order_number, told.state, "", told.urgency, told.ship_on_receipt, traceparent, shippables(told.lines)
    )


def cancelled(told: order_pb.OrderCancelled, traceparent: str) -> OrderCopy:
    return OrderCopy(told.order_number, told.state or CANCELLED, "", "", False, traceparent, shippables(told.lines))


def shippables(lines: Iterable[order_pb.EventLine]) -> tuple[Shippable, ...]:
    return tuple(
        Shippable(
            line.line_no, line.item_code, line.unit, decimal_of(line.quantity) - decimal_of(line.cancelled_quantity)
        )
        for line in lines
    )


def due_dates(told: order_pb.OrderChanged) -> dict[int, date]:
    return {line.line_no: _day(line.due_date or told.due_date) for line in told.lines}


@lru_cache(maxsize=2_000)
def _day(text: str) -> date:
    return date.fromisoformat(text) if text else NO_DATE
