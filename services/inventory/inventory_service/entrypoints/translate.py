"""Domain and row to message, and back: nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from orderhub.inventory.v1 import inventory_pb2 as pb

from chassis.sql import Row
from inventory_service.adapters.messages import stamp
from inventory_service.app.ports import GoodsLine, ReceiptNote, ShipmentNote
from inventory_service.app.wanted import WantedItem, WantedLine
from inventory_service.domain.balance import Balance
from inventory_service.domain.item import Item
from inventory_service.domain.quantity import ZERO, plain
from inventory_service.domain.reservation import NO_DATE, Line, urgency_word

NO_STOCK = Balance()


def stock(item: Item, balance: Balance = NO_STOCK) -> pb.Stock:
    return _stock(item.code, item.name, item.unit, balance)


def stock_row(row: Row, own: Decimal = ZERO) -> pb.Stock:
    """Return a balance; `own` is what the asking order holds softly itself: free for it."""
    balance = Balance(row.on_hand, row.reserved - own, row.quarantined, row.safety_stock)
    return _stock(row.item_code, row.name, row.unit, balance)


def stock_shown(row: Row) -> pb.Stock:
    """Return a balance with what waits for it and what is expected."""
    message = stock_row(row)
    message.waiting, message.expected = plain(row.waiting), plain(row.expected)
    return message


def _stock(code: str, name: str, unit: str, balance: Balance) -> pb.Stock:
    return pb.Stock(
        item_code=code, item_name=name, unit=unit, on_hand=plain(balance.on_hand), reserved=plain(balance.reserved),
        quarantined=plain(balance.quarantined), available=plain(balance.available), allocatable=plain(balance.allocatable),
        safety_stock=plain(balance.safety_stock),
    )  # fmt: skip


def ledger_entry(row: Row) -> pb.LedgerEntry:
    return pb.LedgerEntry(
        movement_id=row.movement_id, kind=row.kind, quantity=plain(row.quantity), unit=row.unit, ref=row.ref, actor=row.actor,
        at=stamp(row.at), reason=row.reason, balance=plain(row.balance),
    )  # fmt: skip


def reservation_row(row: Row) -> pb.Reservation:
    short = row.need - row.got if row.is_open else ZERO
    return pb.Reservation(
        order_number=row.order_number, production_order_number=row.production_order_number, line_no=row.line_no,
        item_code=row.item_code, need=plain(row.need), reserved=plain(row.got - row.issued), issued=plain(row.issued),
        short=plain(short), unit=row.unit, urgency=urgency_word(row.urgency),
        due_date="" if row.due_date == NO_DATE else row.due_date.isoformat(),
    )  # fmt: skip


def reservation(line: Line) -> pb.Reservation:
    return pb.Reservation(
        order_number=line.key.order, production_order_number=line.key.production_order, line_no=line.key.line_no,
        item_code=line.key.item, need=plain(line.need), reserved=plain(line.held), issued=plain(line.issued),
        short=plain(line.hungry), unit=line.unit, urgency=urgency_word(line.claim.urgency),
        due_date="" if line.claim.due == NO_DATE else line.claim.due.isoformat(),
    )  # fmt: skip


def displacement(line: Line, quantity: Decimal) -> pb.Displacement:
    return pb.Displacement(
        order_number=line.key.order, production_order_number=line.key.production_order, line_no=line.key.line_no,
        item_code=line.key.item, quantity=plain(quantity), unit=line.unit,
    )  # fmt: skip


def receipt(note: ReceiptNote) -> pb.Receipt:
    of = note.receivable
    return pb.Receipt(
        id=note.id, number=note.number, production_order_number=of.number, order_number=of.order, line_no=of.line_no,
        item_code=of.item, quantity=plain(note.quantity), unit=of.unit, received_total=plain(of.received), actor=note.actor,
        received_at=stamp(note.at),
    )  # fmt: skip


def receipt_row(row: Row) -> pb.Receipt:
    return pb.Receipt(
        id=str(row.id), number=row.number, production_order_number=row.production_order_number, order_number=row.order_number,
        line_no=row.line_no, item_code=row.item_code, quantity=plain(row.quantity), unit=row.unit,
        received_total=plain(row.received_total), actor=row.actor, received_at=stamp(row.received_at),
    )  # fmt: skip


def shipment(note: ShipmentNote) -> pb.Shipment:
    return pb.Shipment(
        id=note.id, number=note.number, carrier=note.carrier, tracking_numbers=note.tracking_numbers, actor=note.actor,
        lines=goods_lines(note.lines), shipped_at=stamp(note.at), version=note.version,
    )  # fmt: skip


def shipment_row(row: Row, lines: Sequence[Row]) -> pb.Shipment:
    goods = [GoodsLine(line.order_number, line.line_no, line.item_code, line.quantity, line.unit) for line in lines]
    return pb.Shipment(
        id=str(row.id), number=row.number, carrier=row.carrier, tracking_numbers=row.tracking_numbers, actor=row.actor,
        lines=goods_lines(goods), shipped_at=stamp(row.shipped_at), version=row.version,
    )  # fmt: skip


def goods_lines(lines: Sequence[GoodsLine]) -> list[pb.ShipmentLine]:
    return [
        pb.ShipmentLine(
            order=line.order, line_no=line.line_no, item_code=line.item, quantity=plain(line.quantity), unit=line.unit
        )
        for line in lines
    ]


def wanted_items(lines: Sequence[pb.StockLine]) -> tuple[WantedItem, ...]:
    return tuple(WantedItem(line.item_code, line.quantity, line.unit, line.expected_receipt) for line in lines)


def wanted_lines(lines: Sequence[pb.ShipmentLine]) -> tuple[WantedLine, ...]:
    return tuple(WantedLine(line.order, line.line_no, line.quantity, line.unit, line.item_code) for line in lines)
