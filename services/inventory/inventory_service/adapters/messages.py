"""What inventory tells: domain words to event messages (subjects: header of inventory/v1/events.proto)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.inventory.v1 import events_pb2 as pb

from chassis.database import Transaction
from inventory_service.app.ports import GoodsLine, Movement, ReceiptNote, ReturnNote, ShipmentNote
from inventory_service.domain.expected_receipt import ExpectedReceipt
from inventory_service.domain.item import Item
from inventory_service.domain.quantity import plain
from inventory_service.domain.reservation import Demand, Line


@dataclass(frozen=True)
class Messages:
    """Publishes through one transaction; every event of an order carries that order's trace (docs/decisions/0003)."""

    unit: Transaction
    causes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def because(self, order: str, actor: str, event_id: str) -> None:
        self.causes[order] = (actor, event_id)

    def held(self, demand: Demand, lines: Sequence[Line]) -> None:
        self.unit.actor, self.unit.causation_id = self.causes.get(
            demand.order, (self.unit.actor, self.unit.causation_id)
        )
        kind = pb.ComponentsShort if any(line.hungry for line in lines) else pb.ComponentsReserved
        message = kind(
            order_number=demand.order,
            production_order_number=demand.production_order,
            lines=[held_line(line) for line in lines],
        )
        self.unit.publish(subject_of(demand), message, trace=_trace(lines))

    def released(self, demand: Demand, lines: Sequence[Line], reason: str) -> None:
        message = pb.ReservationReleased(
            order_number=demand.order, production_order_number=demand.production_order, reason=reason,
            lines=[held_line(line) for line in lines],
        )  # fmt: skip
        self.unit.publish(subject_of(demand), message, trace=_trace(lines))

    def issued(self, demand: Demand, lines: Sequence[Line], mode: str, *, settled: bool) -> None:
        message = pb.ComponentsIssued(
            order_number=demand.order, production_order_number=demand.production_order, mode=mode, settled=settled,
            lines=[held_line(line) for line in lines],
        )  # fmt: skip
        self.unit.publish(subject_of(demand), message, trace=_trace(lines))

    def received(self, note: ReceiptNote, held: Sequence[Line], *, shipped: bool) -> None:
        of = note.receivable
        message = pb.GoodsReceived(
            order_number=of.order, production_order_number=of.number, line_no=of.line_no, receipt_number=note.number,
            item_code=of.item, quantity=plain(note.quantity), unit=of.unit, received_total=plain(of.received),
            received_at=stamp(note.at), finished_good=not of.parent, shipped=shipped,
            holdings=[pb.OrderHolding(production_order_number=line.key.production_order, line=held_line(line)) for line in held],
        )  # fmt: skip
        self.unit.publish(f"receipts/{note.number}", message, trace=of.traceparent)

    def shipped(self, note: ShipmentNote, traces: Mapping[str, str]) -> None:
        for order, lines in groupby(sorted(note.lines, key=_by_order), key=lambda line: line.order):
            message = pb.GoodsShipped(
                order_number=order, shipment_number=note.number, shipment_id=note.id, carrier=note.carrier,
                tracking_numbers=note.tracking_numbers, lines=[goods_line(line) for line in lines],
                shipped_at=stamp(note.at),
            )  # fmt: skip
            self.unit.publish(f"shipments/{note.number}", message, trace=traces.get(order, ""))

    def shipment_changed(self, note: ShipmentNote, traces: Mapping[str, str]) -> None:
        orders = sorted({line.order for line in note.lines})
        for order in orders:
            message = pb.ShipmentChanged(
                order_number=order, shipment_number=note.number, shipment_id=note.id, carrier=note.carrier,
                tracking_numbers=note.tracking_numbers, order_numbers=orders, version=note.version, shipped_at=stamp(note.at),
            )  # fmt: skip
            self.unit.publish(f"shipments/{note.number}", message, trace=traces.get(order, ""))

    def returned(self, note: ReturnNote, traces: Mapping[str, str]) -> None:
        for order, lines in groupby(sorted(note.lines, key=_by_order), key=lambda line: line.order):
            message = pb.GoodsReturned(
                order_number=order, return_number=note.number, lines=[goods_line(line) for line in lines],
                reason=note.reason, returned_at=stamp(note.at),
            )  # fmt: skip
            self.unit.publish(f"returns/{note.number}", message, trace=traces.get(order, ""))

    def adjusted(self, movement: Movement, item: Item, change: Decimal, on_hand: Decimal) -> None:
        message = pb.StockAdjusted(
            item_code=item.code, movement_id=movement.id, kind=movement.kind, quantity=plain(change), unit=item.unit,
            on_hand=plain(on_hand), reason=movement.reason,
        )  # fmt: skip
        self.unit.publish(f"items/{item.code}", message)

    def expected(self, one: ExpectedReceipt, item: Item) -> None:
        message = pb.ExpectedReceiptChanged(
            expected_receipt_number=one.number, item_code=item.code, item_name=item.name, quantity=plain(one.quantity),
            received_quantity=plain(one.received), open_quantity=plain(one.open), unit=item.unit,
            due_date=one.due.isoformat(), supplier=one.supplier, reference=one.reference, state=one.state, version=one.version,
        )  # fmt: skip
        self.unit.publish(f"expected-receipts/{one.number}", message)


def subject_of(demand: Demand) -> str:
    """Return the subject under which a demand's holdings are told."""
    return f"production-orders/{demand.production_order}" if demand.production_order else f"orders/{demand.order}"


def held_line(line: Line) -> pb.HeldLine:
    """Return the whole truth of one line; `reserved` is held and issued together."""
    return pb.HeldLine(
        line_no=line.key.line_no, item_code=line.key.item, required=plain(line.need), reserved=plain(line.got),
        issued=plain(line.issued), short=plain(line.hungry), unit=line.unit, revision=line.revision,
    )  # fmt: skip


def goods_line(line: GoodsLine) -> pb.GoodsLine:
    return pb.GoodsLine(line_no=line.line_no, item_code=line.item, quantity=plain(line.quantity), unit=line.unit)


def stamp(at: datetime) -> Timestamp:
    """Return an instant as protobuf carries it."""
    result = Timestamp()
    result.FromDatetime(at)
    return result


def _trace(lines: Sequence[Line]) -> str:
    return next((line.traceparent for line in lines if line.traceparent), "")


def _by_order(line: GoodsLine) -> tuple[str, int]:
    return line.order, line.line_no
