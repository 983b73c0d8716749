"""What planning and inventory tell: short translations, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.planning.v1 import events_pb2 as planning

from chassis.database import Transaction
from chassis.events import Incoming
from chassis.inbox import Handler
from order_service.adapters.goods import GoodsLedger
from order_service.adapters.invoices import InvoiceRepository
from order_service.adapters.items import store_items, told_item
from order_service.adapters.orders import OrderRepository
from order_service.adapters.shortages import ShortageRepository
from order_service.app import record_goods, record_progress
from order_service.app.facts import Shipment, ShipmentLine


def _moment(told: Timestamp, event: Incoming) -> datetime:
    """Return the instant told, or the event's own when the producer left it out."""
    return told.ToDatetime(tzinfo=UTC) if told.seconds else event.time


def _words(message: Any, *names: str) -> dict[str, str]:
    return {name: str(getattr(message, name)) for name in names}


async def on_item_changed(event: Incoming, unit: Transaction) -> None:
    """Keep the newer copy of an item."""
    await store_items(unit, [told_item(event.parse(planning.ItemChanged))])


async def on_order_planned(event: Incoming, unit: Transaction) -> None:
    """Take what the plan covers; a plan of anything is the release (S78)."""
    told = event.parse(planning.OrderPlanned)
    planned = {line.line_no: Decimal(line.planned_quantity) for line in told.lines}
    covers = bool(told.production_orders or told.stocked_lines or any(planned.values()))
    at = _moment(told.planned_at, event)
    await record_progress.record_plan(told.order_number, planned, at, OrderRepository(unit), covers=covers)


async def on_plan_revised(event: Incoming, unit: Transaction) -> None:
    """Take what the plan covers now of the lines that changed."""
    told = event.parse(planning.PlanRevised)
    planned = {line.line_no: Decimal(line.quantity_after) for line in told.lines}
    words = {"lines": "; ".join(f"{x.line_no}: {x.quantity_before} -> {x.quantity_after}{x.unit}" for x in told.lines)}
    await record_progress.record_revised_plan(told.order_number, planned, words, OrderRepository(unit))


async def on_operation_started(event: Incoming, unit: Transaction) -> None:
    """The first start puts the order in production; later ones are noted."""
    told = event.parse(planning.OperationStarted)
    words = _words(told, "production_order_number", "operation_name", "work_center", "device_id")
    at = _moment(told.started_at, event)
    if told.order_number and not told.first:  # the production order's later starts change nothing of the order
        await _note(told, words, unit)
    elif told.order_number:
        await record_progress.record_start(told.order_number, at, words, OrderRepository(unit))


async def on_dispatched(event: Incoming, unit: Transaction) -> None:
    """Note the dispatch, a moment of its own (S79)."""
    told = event.parse(planning.ProductionOrderDispatched)
    words = _words(told, "production_order_number", "team", "item_code", "quantity", "unit")
    at = _moment(told.dispatched_at, event)
    await _note(told, words, unit, stage="dispatched", at=at)


async def on_operation_finished(event: Incoming, unit: Transaction) -> None:
    """Note it; the last operation of an order ends its production."""
    told = event.parse(planning.OperationFinished)
    words = _words(told, "production_order_number", "operation_name", "good_quantity", "scrap_quantity", "unit")
    at = _moment(told.finished_at, event)
    await _note(told, words, unit, stage="last_operation_finished" if told.last else "", at=at)


async def on_inspected(event: Incoming, unit: Transaction) -> None:
    """Note it; what passed is on its way to the warehouse."""
    told = event.parse(planning.InspectionRecorded)
    words = _words(told, "production_order_number", "passed_quantity", "rework_quantity", "scrapped_quantity", "unit")
    passed = Decimal(told.passed_quantity or "0") > 0
    at = _moment(told.inspected_at, event)
    await _note(told, words, unit, stage="inspection_passed" if passed else "", at=at)


async def on_production_order(event: Incoming, unit: Transaction) -> None:
    """Note what happened to a production order of this order."""
    kind = _NOTED[event.type.rsplit(".", 1)[1]]
    told = event.parse(kind)
    names = ("production_order_number", "item_code", "item_name", "quantity", "unit", "reason", "kind", "before",
             "after", "team", "acknowledged_by")  # fmt: skip
    await _note(told, _words(told, *(name for name in names if name in told.DESCRIPTOR.fields_by_name)), unit)


async def on_shortage(event: Incoming, unit: Transaction) -> None:
    """Note that the order waits, or no longer waits, for an item (S6)."""
    what = event.type.rsplit(".", 1)[1]
    told = event.parse(planning.ShortageRaised)  # ShortageCleared has the same fields but `short`
    words = _words(told, "production_order_number", "line_no", "item_code", "item_name", "short", "unit")
    await record_progress.record_shortage(
        told.order_number, what, words, event.time, orders=OrderRepository(unit), shortages=ShortageRepository(unit)
    )


async def on_goods_received(event: Incoming, unit: Transaction) -> None:
    """Count finished goods of an order; with ship on receipt they leave at once."""
    told = event.parse(inventory.GoodsReceived)
    if not told.finished_good or not told.order_number:
        return
    at = _moment(told.received_at, event)
    line = ShipmentLine(told.order_number, told.line_no, told.item_code, Decimal(told.quantity), told.unit)
    orders, goods = OrderRepository(unit), GoodsLedger(unit)
    await record_goods.record_receipt(line, told.receipt_number, at, orders=orders, goods=goods)
    if told.shipped:  # ship on receipt: the receipt is the shipment, and can be signed by its number
        shipment = Shipment(told.receipt_number, told.receipt_number, "", (), at, (line,))
        await _ship(shipment, unit)


async def on_goods_shipped(event: Incoming, unit: Transaction) -> None:
    """Count what left; a shipment of nothing tells nothing."""
    told = event.parse(inventory.GoodsShipped)
    lines = tuple(
        ShipmentLine(told.order_number, x.line_no, x.item_code, Decimal(x.quantity), x.unit) for x in told.lines
    )
    if lines:
        shipment = Shipment(
            told.shipment_id or told.shipment_number, told.shipment_number, told.carrier, tuple(told.tracking_numbers),
            _moment(told.shipped_at, event), lines,
        )  # fmt: skip
        await _ship(shipment, unit)


async def on_shipment_changed(event: Incoming, unit: Transaction) -> None:
    """Take carrier and tracking numbers as they were entered since."""
    told = event.parse(inventory.ShipmentChanged)
    shipment = Shipment(
        told.shipment_id or told.shipment_number, told.shipment_number, told.carrier, tuple(told.tracking_numbers),
        _moment(told.shipped_at, event), (), version=told.version,
    )  # fmt: skip
    orders, goods = OrderRepository(unit), GoodsLedger(unit)
    await record_goods.record_shipment_words(shipment, told.order_number, orders, goods)


async def on_goods_returned(event: Incoming, unit: Transaction) -> None:
    """Count what came back (X47)."""
    told = event.parse(inventory.GoodsReturned)
    lines = tuple(
        ShipmentLine(told.order_number, x.line_no, x.item_code, Decimal(x.quantity), x.unit) for x in told.lines
    )
    if lines:
        await record_goods.record_return(
            lines, told.return_number, told.reason, _moment(told.returned_at, event),
            orders=OrderRepository(unit), goods=GoodsLedger(unit), invoices=InvoiceRepository(unit),
        )  # fmt: skip


async def _ship(shipment: Shipment, unit: Transaction) -> None:
    await record_goods.record_shipment(
        shipment, orders=OrderRepository(unit), goods=GoodsLedger(unit), invoices=InvoiceRepository(unit), now=unit.now
    )


async def _note(
    told: Any, words: Mapping[str, str], unit: Transaction, *, stage: str = "", at: datetime | None = None
) -> None:
    if told.order_number:
        what = told.DESCRIPTOR.name
        await record_progress.record_moment(told.order_number, what, words, OrderRepository(unit), stage=stage, at=at)


_NOTED: dict[str, type[Message]] = {
    "ProductionOrderCreated": planning.ProductionOrderCreated,
    "InspectionRequested": planning.InspectionRequested,
    "ProductionOrderCompleted": planning.ProductionOrderCompleted,
    "ProductionOrderCancelled": planning.ProductionOrderCancelled,
    "ProductionOrderChanged": planning.ProductionOrderChanged,
    "ChangeAcknowledged": planning.ChangeAcknowledged,
    "ChangeUnacknowledged": planning.ChangeUnacknowledged,
}
HANDLERS: Mapping[type[Message], Handler] = {
    planning.ItemChanged: on_item_changed,
    planning.OrderPlanned: on_order_planned,
    planning.PlanRevised: on_plan_revised,
    planning.OperationStarted: on_operation_started,
    planning.ProductionOrderDispatched: on_dispatched,
    planning.OperationFinished: on_operation_finished,
    planning.InspectionRecorded: on_inspected,
    planning.ShortageRaised: on_shortage,
    planning.ShortageCleared: on_shortage,
    inventory.GoodsReceived: on_goods_received,
    inventory.GoodsShipped: on_goods_shipped,
    inventory.ShipmentChanged: on_shipment_changed,
    inventory.GoodsReturned: on_goods_returned,
    **dict.fromkeys(_NOTED.values(), on_production_order),
}
