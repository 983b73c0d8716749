"""Domain events to protobuf messages; the order stands beside, so that each event is self-contained."""

# ruff: noqa: ARG001  every builder has the same shape

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.order.v1 import events_pb2 as pb

from chassis.database import Transaction
from order_service.domain import events
from order_service.domain.line import Line
from order_service.domain.order import Order
from order_service.domain.quantity import plain


def stamp(at: datetime | None) -> Timestamp | None:
    """Return an instant as a protobuf timestamp; None stays unset."""
    if at is None:
        return None
    made = Timestamp()
    made.FromDatetime(at)
    return made


def tell(unit: Transaction, order: Order, event: events.Event) -> None:
    """Publish an event about an order, in the order's own trace."""
    unit.publish(f"orders/{order.number}", _BUILD[type(event)](order, event, unit.actor), trace=order.traceparent)


def event_lines(order: Order) -> list[pb.EventLine]:
    """Return the lines as every order event carries them."""
    return [_line(line) for line in order.lines]


def _line(line: Line) -> pb.EventLine:
    return pb.EventLine(
        line_no=line.line_no, item_code=line.item_code, item_name=line.item_name, quantity=plain(line.quantity),
        unit=line.unit, due_date=line.due_date.isoformat(), cancelled_quantity=plain(line.cancelled_quantity),
        shipped_quantity=plain(line.shipped_quantity), returned_quantity=plain(line.returned_quantity),
    )  # fmt: skip


def _submitted(order: Order, event: Any, actor: str) -> Message:
    return pb.OrderSubmitted(
        order_number=order.number, order_id=str(order.id), customer_id=str(order.customer_id),
        customer_name=order.customer_name, channel=order.channel, source_ref=order.source_ref,
        due_date=order.due_date.isoformat(), urgency=order.urgency, sales_owner=order.sales_owner, kind=order.kind,
        state=order.state, ship_on_receipt=order.ship_on_receipt, lines=event_lines(order),
        submitted_at=stamp(order.created_at),
    )  # fmt: skip


def _capacity_requested(order: Order, event: events.CapacityConfirmationRequested, actor: str) -> Message:
    return pb.CapacityConfirmationRequested(
        order_number=order.number, customer_name=order.customer_name, due_date=order.due_date.isoformat(),
        urgency=order.urgency, sales_owner=order.sales_owner, notice_days=event.notice_days,
    )  # fmt: skip


def _capacity_confirmed(order: Order, event: events.CapacityConfirmed, actor: str) -> Message:
    return pb.CapacityConfirmed(order_number=order.number, note=event.note, confirmed_by=actor)


def _confirmed(order: Order, event: Any, actor: str) -> Message:
    return pb.OrderConfirmed(
        order_number=order.number, order_id=str(order.id), customer_id=str(order.customer_id),
        customer_name=order.customer_name, due_date=order.due_date.isoformat(), urgency=order.urgency,
        sales_owner=order.sales_owner, ship_on_receipt=order.ship_on_receipt, lines=event_lines(order),
        confirmed_at=stamp(order.confirmed_at), channel=order.channel,
    )  # fmt: skip


def _changed(order: Order, event: events.OrderChanged, actor: str) -> Message:
    return pb.OrderChanged(
        order_number=order.number, changed=event.changed, due_date=order.due_date.isoformat(), urgency=order.urgency,
        sales_owner=order.sales_owner, ship_on_receipt=order.ship_on_receipt, lines=event_lines(order),
        state=order.state, customer_name=order.customer_name, kind=order.kind, customer_id=str(order.customer_id),
    )  # fmt: skip


def _released(order: Order, event: Any, actor: str) -> Message:
    return _changed(order, events.OrderChanged(("duplicate_of",)), actor)


def _cancelled(order: Order, event: events.OrderCancelled, actor: str) -> Message:
    return pb.OrderCancelled(
        order_number=order.number, reason=event.reason, state=order.state, lines=event_lines(order),
        customer_name=order.customer_name, sales_owner=order.sales_owner,
    )  # fmt: skip


def _held(order: Order, event: events.OrderHeld, actor: str) -> Message:
    return pb.OrderHeld(order_number=order.number, reason=event.reason, sales_owner=order.sales_owner)


def _resumed(order: Order, event: Any, actor: str) -> Message:
    return pb.OrderResumed(order_number=order.number, state=order.state)


def _suspected(order: Order, event: events.DuplicateSuspected, actor: str) -> Message:
    return pb.DuplicateSuspected(
        order_number=order.number, twin_order_number=event.twin_order_number, customer_name=order.customer_name,
        sales_owner=order.sales_owner, twin_sales_owner=event.twin_sales_owner,
    )  # fmt: skip


def _partly(order: Order, event: events.OrderPartlyShipped, actor: str) -> Message:
    return pb.OrderPartlyShipped(
        order_number=order.number, shipment_number=event.shipment_number, tracking_numbers=event.tracking_numbers,
        lines=event_lines(order), customer_id=str(order.customer_id), customer_name=order.customer_name,
    )  # fmt: skip


def _fully(order: Order, event: events.OrderFullyShipped, actor: str) -> Message:
    return pb.OrderFullyShipped(
        order_number=order.number, source_ref=order.source_ref, customer_id=str(order.customer_id),
        customer_name=order.customer_name, tracking_numbers=event.tracking_numbers, sales_owner=order.sales_owner,
        lines=event_lines(order), channel=order.channel,
    )  # fmt: skip


def _signed(order: Order, event: events.OrderSigned, actor: str) -> Message:
    return pb.OrderSigned(order_number=order.number, signed_at=stamp(event.signed_at), signed_by=event.signed_by)


def _task_opened(order: Order, event: events.InvoiceTaskOpened, actor: str) -> Message:
    return pb.InvoiceTaskOpened(
        order_number=order.number, invoice_task_id=event.invoice_task_id, customer_name=order.customer_name,
        lines=event_lines(order), shipment_number=event.shipment_number,
        to_invoice=[_to_invoice(line, event.due[line.line_no]) for line in order.lines if line.line_no in event.due],
    )  # fmt: skip


def _to_invoice(line: Line, quantity: Decimal) -> pb.LineToInvoice:
    return pb.LineToInvoice(
        line_no=line.line_no, item_code=line.item_code, item_name=line.item_name, quantity=plain(quantity),
        unit=line.unit,
    )  # fmt: skip


def _overdue(order: Order, event: events.InvoiceTaskOverdue, actor: str) -> Message:
    return pb.InvoiceTaskOverdue(
        order_number=order.number, invoice_task_id=event.invoice_task_id, customer_name=order.customer_name,
        sales_owner=order.sales_owner, due_days=event.due_days, due_at=stamp(event.due_at), lines=event_lines(order),
    )  # fmt: skip


def _invoiced(order: Order, event: events.InvoiceRecorded, actor: str) -> Message:
    return pb.InvoiceRecorded(
        order_number=order.number, invoice_task_id=event.invoice_task_id, invoice_no=event.invoice_no,
        lines=event_lines(order),
    )  # fmt: skip


def _complained(order: Order, event: events.ComplaintRecorded, actor: str) -> Message:
    return pb.ComplaintRecorded(
        order_number=order.number, complaint_id=event.complaint_id, kind=event.kind, stage=event.stage,
        customer_id=str(order.customer_id), customer_name=order.customer_name, sales_owner=order.sales_owner,
        complained_at=stamp(event.complained_at),
    )  # fmt: skip


def _answered(order: Order, event: events.ComplaintClosed, actor: str) -> Message:
    return pb.ComplaintClosed(
        order_number=order.number, complaint_id=event.complaint_id, kind=event.kind, stage=event.stage,
        customer_id=str(order.customer_id), customer_name=order.customer_name, sales_owner=order.sales_owner,
        closed_at=stamp(event.closed_at),
    )  # fmt: skip


_BUILD: dict[type, Callable[[Order, Any, str], Message]] = {
    events.OrderSubmitted: _submitted,
    events.CapacityConfirmationRequested: _capacity_requested,
    events.CapacityConfirmed: _capacity_confirmed,
    events.OrderConfirmed: _confirmed,
    events.OrderChanged: _changed,
    events.DuplicateReleased: _released,
    events.OrderCancelled: _cancelled,
    events.OrderHeld: _held,
    events.OrderResumed: _resumed,
    events.DuplicateSuspected: _suspected,
    events.OrderPartlyShipped: _partly,
    events.OrderFullyShipped: _fully,
    events.OrderSigned: _signed,
    events.InvoiceTaskOpened: _task_opened,
    events.InvoiceTaskOverdue: _overdue,
    events.InvoiceRecorded: _invoiced,
    events.ComplaintRecorded: _complained,
    events.ComplaintClosed: _answered,
}
