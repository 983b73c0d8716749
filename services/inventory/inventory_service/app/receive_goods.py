"""Receive made goods by scan: stock and received quantity rise, components are booked off (S51-S54, X33-X35)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from chassis.ids import uuid7
from inventory_service.app.consume import book_off
from inventory_service.app.ports import GoodsLine, Movement, ReceiptNote, ShipmentNote, Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.domain.document import RECEIPT, SHIPMENT
from inventory_service.domain.entry import Entry
from inventory_service.domain.errors import Forbidden, NotFound
from inventory_service.domain.policy import SUPERVISORS
from inventory_service.domain.production import Receivable
from inventory_service.domain.quantity import ZERO
from inventory_service.domain.reservation import Claim, Demand, Line, LineKey, urgency_rank
from inventory_service.domain.shipping import ENDED_STATES, OrderCopy


@dataclass(frozen=True, slots=True)
class ReceiveGoods:
    """A receipt as scanned; `production_order` is a number, id or scan code. `may_override` says who asks is a supervisor."""

    production_order: str
    quantity: str
    device_id: str = ""
    override_reason: str = ""
    may_override: bool = False


async def receive_goods(house: Warehouse, command: ReceiveGoods, fresh: Receivable | None) -> ReceiptNote:
    """Take goods into stock; `fresh` is what planning said when the copy here would have refused."""
    known = fresh or await house.receivables.find(command.production_order)
    if known is None or not known.is_known:
        raise NotFound("PRODUCTION_ORDER_UNKNOWN", production_order=command.production_order)
    if command.override_reason and not command.may_override:
        raise Forbidden("OVERRIDE_NOT_ALLOWED", roles=", ".join(SUPERVISORS))
    quantity = await _read(house, command, known)
    components = await house.reservations.of_demands([Demand(known.order, known.number)])
    balances = await house.stock.lock({known.item} | {line.key.item for line in components})
    if fresh is not None:
        await house.receivables.learn([fresh])
    tolerance = None if command.override_reason else house.policy.tolerance
    received = await house.receivables.receive(known.number, quantity, tolerance)
    if received is None:
        known = (await house.receivables.of_numbers([known.number]))[known.number]
        raise known.refusal(quantity)
    number = await house.documents.next_number(RECEIPT)
    note = ReceiptNote(str(uuid7()), number, received, quantity, house.actor, house.now, command.device_id)
    await house.documents.add_receipt(note)
    await house.stock.move(
        Movement(number, "receipt", received.number, command.override_reason), {received.item: quantity}
    )
    shipped, changed = await _put_away(house, note)
    await book_off(house, received, {item: balance.available for item, balance in balances.items()}, number)
    await reallocate(house, {received.item}, number, changed=changed)
    house.tell.received(note, await _held_by_parents(house, received), shipped=shipped)
    return note


async def _read(house: Warehouse, command: ReceiveGoods, known: Receivable) -> Decimal:
    entry = Entry()
    items = await house.items.find([known.item])
    entry.words("device_id", command.device_id, 100)
    entry.words("override_reason", command.override_reason)
    quantity = entry.quantity("quantity", command.quantity, items.get(known.item))
    entry.done()
    return quantity


async def _put_away(house: Warehouse, note: ReceiptNote) -> tuple[bool, set[Demand]]:
    """Ship on receipt, or hold for the parent or the order line; return whether shipped, and who else holds more now."""
    of = note.receivable
    if of.parent:
        return False, await _hold_for_parents(house, note)
    order = (await house.orders.find([of.order])).get(of.order)
    if order is not None and await _ship_at_once(house, order, note):
        return True, set()
    await _hold_for_order(house, order, note)
    return False, set()


async def _hold_for_parents(house: Warehouse, note: ReceiptNote) -> set[Demand]:
    """Give a sub-assembly to the production orders of its order that wait for it, the parent first."""
    of, left = note.receivable, note.quantity
    waiting = [
        line
        for line in await house.reservations.of_orders([of.order])
        if line.key.item == of.item and line.key.production_order and line.hungry > 0
    ]
    fed = []
    for line in sorted(waiting, key=lambda line: (line.key.production_order != of.parent, line.key)):
        give = min(left, line.hungry)
        left -= give
        fed.append(line.fed(give))
    await house.reservations.save(fed)
    return {line.key.demand for line in fed}


async def _held_by_parents(house: Warehouse, of: Receivable) -> list[Line]:
    """Return what the order's production orders hold of a sub-assembly now; nothing of finished goods."""
    lines = await house.reservations.of_orders([of.order]) if of.parent else []
    return [line for line in lines if line.key.item == of.item and line.key.production_order and line.asked]


async def _hold_for_order(house: Warehouse, order: OrderCopy | None, note: ReceiptNote) -> None:
    """Hold finished goods for their order line, as much as it still wants; the rest is free stock."""
    of = note.receivable
    if order is not None and order.state in ENDED_STATES:
        return
    key = LineKey("", of.order, of.line_no, of.item)
    lines = {line.key: line for line in await house.reservations.of_demands([key.demand])}
    claim = Claim(urgency_rank(order.urgency if order else ""))
    line = lines.get(key) or Line(key, of.unit, ZERO, claim=claim, asked=False, traceparent=of.traceparent)
    ordered = order.line(of.line_no) if order else None
    wanted = line.held + note.quantity if ordered is None else ordered.remaining
    keep = min(note.quantity, max(ZERO, wanted - line.held))
    if keep > 0:
        await house.reservations.save([line.receiving(keep, line.issued + wanted)])


async def _ship_at_once(house: Warehouse, order: OrderCopy, note: ReceiptNote) -> bool:
    """Ship what was received when the order wants it so and may take all of it (S54)."""
    of = note.receivable
    line = GoodsLine(of.order, of.line_no, of.item, note.quantity, of.unit)
    if not order.ship_on_receipt or not await house.orders.ship([line]):
        return False
    number = await house.documents.next_number(SHIPMENT)
    await house.documents.add_shipment(ShipmentNote(str(uuid7()), number, (line,), house.actor, house.now))
    await house.stock.move(Movement(number, "shipment", of.order), {of.item: -note.quantity})
    return True
