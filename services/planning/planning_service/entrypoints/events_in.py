"""What planning hears: inventory's holdings and goods, order's changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from google.protobuf.message import Message
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import events_pb2 as order

from chassis.database import Transaction
from chassis.events import Incoming
from chassis.inbox import Handler
from planning_service.adapters.components import ComponentRows
from planning_service.adapters.messages import Messages
from planning_service.adapters.order_copies import OrderCopies
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.app.follow_goods import components_settled, goods_received
from planning_service.app.follow_orders import order_cancelled, order_changed
from planning_service.app.tell_shortages import take_held
from planning_service.domain.component import Held
from planning_service.domain.priority import Urgency


async def on_components(event: Incoming, unit: Transaction) -> None:
    """ComponentsReserved, ComponentsShort, ReservationReleased: inventory says what it holds."""
    told = event.data
    lines = [_held(line) for line in told.get("lines", ())]
    await take_held(
        told["order_number"],
        told.get("production_order_number", ""),
        lines,
        ComponentRows(unit),
        Messages(unit),
        event.traceparent,
    )


async def on_components_issued(event: Incoming, unit: Transaction) -> None:
    """Components were consumed; when nothing is left to book, the production order may complete."""
    await on_components(event, unit)
    number = event.data.get("production_order_number", "")
    if event.data.get("settled") and number:
        rows = ProductionOrderRows(unit), ComponentRows(unit), Messages(unit)
        await components_settled(number, *rows, now=unit.now)


async def on_goods_received(event: Incoming, unit: Transaction) -> None:
    """Goods of a production order came into stock."""
    told = event.parse(inventory.GoodsReceived)
    if told.production_order_number:
        at = told.received_at.ToDatetime(UTC) if told.received_at.seconds else unit.now
        rows = ProductionOrderRows(unit), ComponentRows(unit), Messages(unit)
        total = Decimal(told.received_total or "0")
        await goods_received(told.production_order_number, total, at, *rows, now=unit.now)


async def on_order(event: Incoming, unit: Transaction) -> None:
    """OrderSubmitted, OrderConfirmed, OrderHeld, OrderResumed: keep the few facts planning shows."""
    told = event.data
    await OrderCopies(unit).keep(
        told["order_number"],
        order_id=told.get("order_id", ""),
        customer_name=told.get("customer_name", ""),
        urgency=told.get("urgency", ""),
        due_date=_day(told.get("due_date", "")),
        state=told.get("state", ""),
        traceparent=event.traceparent,
    )


async def on_order_changed(event: Incoming, unit: Transaction) -> None:
    """Urgency and due dates follow the order; the rank follows them."""
    await on_order(event, unit)
    told = event.data
    dates = {int(line["line_no"]): day for line in told.get("lines", ()) if (day := _day(line.get("due_date", "")))}
    urgency = Urgency(told["urgency"]) if told.get("urgency") else None
    await order_changed(told["order_number"], urgency, dates, ProductionOrderRows(unit))


async def on_order_cancelled(event: Incoming, unit: Transaction) -> None:
    """Everything not finished ends."""
    await on_order(event, unit)
    told = event.parse(order.OrderCancelled)
    rows = ProductionOrderRows(unit), ComponentRows(unit), Messages(unit)
    await order_cancelled(told.order_number, told.reason, *rows, now=unit.now)


def _held(line: Mapping[str, Any]) -> Held:
    reserved, issued, short = (Decimal(line.get(name) or "0") for name in ("reserved", "issued", "short"))
    return Held(int(line.get("line_no") or 0), line["item_code"], reserved, issued, short)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


HANDLERS: Mapping[type[Message], Handler] = {
    inventory.ComponentsReserved: on_components,
    inventory.ComponentsShort: on_components,
    inventory.ReservationReleased: on_components,
    inventory.ComponentsIssued: on_components_issued,
    inventory.GoodsReceived: on_goods_received,
    order.OrderSubmitted: on_order,
    order.OrderConfirmed: on_order,
    order.OrderHeld: on_order,
    order.OrderResumed: on_order,
    order.OrderChanged: on_order_changed,
    order.OrderCancelled: on_order_cancelled,
}
