"""Orders as protobuf answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from orderhub.common.v1.common_pb2 import Contact, Party
from orderhub.common.v1.common_pb2 import Warning as Caution
from orderhub.order.v1 import order_pb2 as pb

from order_service.adapters.channels import Channel
from order_service.adapters.messages import stamp
from order_service.adapters.order_views import TimelineEntry
from order_service.app.facts import Shipment
from order_service.domain.line import Line
from order_service.domain.order import Order
from order_service.domain.quantity import plain
from order_service.domain.stages import STAGES, Dwell, hours_text, longest
from order_service.domain.tracking import tracking_token
from order_service.domain.working_time import WorkingTime


def order_message(order: Order, tracking_key: bytes, *, prices: bool) -> pb.Order:
    """Return an order as people see it."""
    return pb.Order(
        id=str(order.id), number=order.number, state=order.state,
        customer=Party(id=str(order.customer_id), name=order.customer_name),
        contact=Contact(name=order.contact_name, phone=order.contact_phone), channel=order.channel,
        source_ref=order.source_ref, due_date=order.due_date.isoformat(), urgency=order.urgency,
        sales_owner=order.sales_owner, kind=order.kind, ship_on_receipt=order.ship_on_receipt, note=order.note,
        attachment_ids=order.attachment_ids, warnings=warnings(order), lines=[line_message(x, prices=prices) for x in order.lines],
        tracking_token=tracking_token(tracking_key, order.id, order.token_epoch), created_at=stamp(order.created_at),
        confirmed_at=stamp(order.confirmed_at), version=order.version, allowed=order.allowed,
        created_by=order.created_by, duplicate_of=order.duplicate_of if order.suspected else "", reason=order.reason,
        capacity_note=order.capacity_note, traceparent=order.traceparent,
        confirm_requested=order.confirm_requested and order.confirmed_at is None, updated_at=stamp(order.updated_at),
    )  # fmt: skip


def warnings(order: Order) -> list[Caution]:
    """Return what a person should know before going on."""
    found = []
    if order.needs_capacity and order.confirmed_at is None and order.cancelled_at is None:
        earliest = min(order.due_date, *(line.due_date for line in order.lines))
        params = {"due_date": earliest.isoformat(), "notice_days": str(order.capacity_notice_days)}
        found.append(Caution(reason="CAPACITY_CONFIRMATION_REQUIRED", params=params))
    if order.suspected and order.cancelled_at is None:
        found.append(Caution(reason="DUPLICATE_SUSPECTED", params={"order_number": order.duplicate_of}))
    return found


def line_message(line: Line, *, prices: bool) -> pb.OrderLine:
    """Return one line; without its price for those who may not see it."""
    return pb.OrderLine(
        line_no=line.line_no, item_code=line.item_code, item_name=line.item_name, quantity=plain(line.quantity),
        unit=line.unit, due_date=line.due_date.isoformat(), unit_price=_optional(line.unit_price if prices else None),
        planned_quantity=plain(line.planned_quantity), received_quantity=plain(line.received_quantity),
        shipped_quantity=plain(line.shipped_quantity), returned_quantity=plain(line.returned_quantity),
        invoiced_quantity=plain(line.invoiced_quantity), signed_quantity=plain(line.signed_quantity),
        cancelled_quantity=plain(line.cancelled_quantity), entered_quantity=plain(line.entered_quantity),
        entered_unit=line.entered_unit, due_date_inherited=line.due_date_inherited,
    )  # fmt: skip


def _optional(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def shipment_message(shipment: Shipment) -> pb.Shipment:
    """Return the copy of a shipment."""
    lines = [
        pb.ShipmentLine(
            order_number=x.order_number,
            line_no=x.line_no,
            item_code=x.item_code,
            quantity=plain(x.quantity),
            unit=x.unit,
        )
        for x in shipment.lines
    ]
    return pb.Shipment(
        id=shipment.id, number=shipment.number, carrier=shipment.carrier, tracking_numbers=shipment.tracking_numbers,
        shipped_at=stamp(shipment.shipped_at), signed_at=stamp(shipment.signed_at), signed_by=shipment.signed_by,
        lines=lines,
    )  # fmt: skip


def timeline_message(entry: TimelineEntry) -> pb.TimelineEntry:
    """Return who did what when."""
    return pb.TimelineEntry(at=stamp(entry.at), actor=entry.actor, what=entry.what, params=entry.params)


def tracked_message(order: Order, shipments: Iterable[Shipment]) -> pb.GetTrackedOrderResponse:
    """Return all a customer's link may show: no prices, no phone, no other order."""
    live = [line for line in order.lines if line.ordered > 0] or order.lines
    return pb.GetTrackedOrderResponse(
        number=order.number, state=order.state, channel=order.channel, customer_name=order.customer_name,
        due_date=order.due_date.isoformat(), expected_date=max(line.due_date for line in live).isoformat(),
        sales_owner=order.sales_owner, lines=[_tracked_line(line) for line in live], parcels=_parcels(shipments),
        updated_at=stamp(order.updated_at), created_at=stamp(order.created_at), attachment_ids=order.attachment_ids,
    )  # fmt: skip


def _tracked_line(line: Line) -> pb.TrackedLine:
    return pb.TrackedLine(
        line_no=line.line_no, item_name=line.item_name, quantity=plain(line.ordered), unit=line.unit,
        received_quantity=plain(line.received_quantity), shipped_quantity=plain(line.net_shipped),
        due_date=line.due_date.isoformat(),
    )  # fmt: skip


def _parcels(shipments: Iterable[Shipment]) -> list[pb.TrackedParcel]:
    return [
        pb.TrackedParcel(
            carrier=shipment.carrier,
            tracking_number=number,
            shipped_at=stamp(shipment.shipped_at),
            signed_at=stamp(shipment.signed_at),
        )
        for shipment in shipments
        for number in shipment.tracking_numbers or ("",)
    ]


def lead_time_message(
    order: Order, moments: Mapping[str, datetime], found: list[Dwell], now: datetime, working: WorkingTime
) -> pb.GetOrderLeadTimeResponse:
    """Return the ten stage events, dwells in calendar and working hours, and the longest stage."""
    dwells = [
        pb.Dwell(
            stage=x.stage,
            hours=hours_text(x.hours),
            running=x.running,
            from_stage=x.from_stage,
            to_stage=x.to_stage,
            working_hours=hours_text(x.hours_by(working.between)),
        )
        for x in found
    ]
    return pb.GetOrderLeadTimeResponse(
        order_number=order.number, events=[pb.StageEvent(stage=x, at=stamp(moments.get(x))) for x in STAGES],
        dwells=dwells, longest_stage=longest(found), now=stamp(now), state=order.state,
    )  # fmt: skip


def channel_message(channel: Channel) -> pb.Channel:
    """Return a channel as callers see it."""
    return pb.Channel(code=channel.code, active=channel.active, name=channel.name)
