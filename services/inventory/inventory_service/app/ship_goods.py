"""Ship goods over several orders: each line guarded in one statement, held goods first, then free stock (X45-X51)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chassis.ids import uuid7
from inventory_service.app.change_shipment import parcels
from inventory_service.app.consume import consume
from inventory_service.app.goods_lines import read_lines
from inventory_service.app.ports import GoodsLine, Movement, ShipmentNote, Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.app.wanted import WantedLine
from inventory_service.domain.balance import Balance
from inventory_service.domain.document import SHIPMENT
from inventory_service.domain.entry import Entry
from inventory_service.domain.errors import FieldProblem, IllegalMove
from inventory_service.domain.quantity import ZERO, plain
from inventory_service.domain.reservation import Claim, Demand, Line, LineKey, urgency_rank
from inventory_service.domain.shipping import SHIPPABLE_STATES, OrderCopy


@dataclass(frozen=True, slots=True)
class ShipGoods:
    """A shipment as posted."""

    lines: tuple[WantedLine, ...]
    carrier: str = ""
    tracking_numbers: tuple[str, ...] = ()


async def ship_goods(house: Warehouse, command: ShipGoods, fresh: Mapping[str, OrderCopy]) -> ShipmentNote:
    """Ship; `fresh` is what the order service said of orders the copies here don't know or would refuse."""
    orders = {**await house.orders.find({line.order for line in command.lines}), **fresh}
    lines, carrier, numbers = await _read(house, command, orders)
    balances = await house.stock.lock({line.item for line in lines})
    for order in sorted({order.number: order for order in fresh.values()}.values(), key=lambda order: order.number):
        await house.orders.learn(order)
    shipped = await house.orders.ship(lines)
    orders = await house.orders.find({line.order for line in lines})
    if refused := [line for line in lines if (line.order, line.line_no) not in shipped]:
        raise _refusal(refused, orders)
    number = await house.documents.next_number(SHIPMENT)
    note = ShipmentNote(str(uuid7()), number, tuple(lines), house.actor, house.now, carrier, numbers)
    before, after = await _take(house, note, orders, balances)
    await house.documents.add_shipment(note)
    house.tell.shipped(note, {order.number: order.traceparent for order in orders.values()})
    sated = {line.key.demand for was, line in zip(before, after, strict=True) if was.hungry != line.hungry}
    await reallocate(house, {line.item for line in lines}, number, changed=sated)
    return note


async def _read(
    house: Warehouse, command: ShipGoods, orders: Mapping[str, OrderCopy]
) -> tuple[list[GoodsLine], str, tuple[str, ...]]:
    entry = Entry()
    lines = await read_lines(house, entry, command.lines, orders) if entry.lines(len(command.lines)) else []
    carrier = entry.words("carrier", command.carrier, 100)
    numbers = parcels(entry, command.tracking_numbers)
    entry.done()
    return lines, carrier, numbers


async def _take(
    house: Warehouse, note: ShipmentNote, orders: Mapping[str, OrderCopy], balances: Mapping[str, Balance]
) -> tuple[list[Line], list[Line]]:
    """Take the goods out of stock: what the lines hold, then free stock; refuse when that is not enough."""
    held = {line.key: line for line in await house.reservations.of_demands([Demand(order) for order in sorted(orders)])}
    before = [held.get(_key(line)) or _unheld(line, orders[line.order]) for line in note.lines]
    wanted = [(line, goods.quantity) for line, goods in zip(before, note.lines, strict=True)]
    if short := _missing(wanted, balances):
        raise short
    free = {item: balance.available for item, balance in balances.items()}
    after = await consume(house, Movement(note.number, "shipment", _reference(note)), wanted, free)
    fitting = [_fitting(line, orders[line.key.order]) for line in after]
    changed = [line for line, was in zip(fitting, after, strict=True) if line != was]
    await house.reservations.save(changed)
    return before, fitting


def _missing(wanted: Sequence[tuple[Line, Decimal]], balances: Mapping[str, Balance]) -> IllegalMove | None:
    """Return the refusal when what lines hold and free stock do not cover what is wanted."""
    fields, left = [], {item: balance.available for item, balance in balances.items()}
    for place, (line, quantity) in enumerate(wanted):
        item = line.key.item
        available = line.held + max(ZERO, left[item])
        if quantity > available:
            params = {"item": item, "available": plain(available), "wanted": plain(quantity), "unit": line.unit}
            fields.append(FieldProblem(f"lines[{place}].quantity", "INSUFFICIENT_STOCK", params))
        left[item] -= max(ZERO, quantity - line.held)
    return IllegalMove("INSUFFICIENT_STOCK", fields, **fields[0].params) if fields else None


def _fitting(line: Line, order: OrderCopy) -> Line:
    """Return the line needing no more than its order line still wants."""
    ordered = order.line(line.key.line_no)
    return line.needing(min(line.need, line.issued + (ordered.remaining if ordered else ZERO)))


def _unheld(goods: GoodsLine, order: OrderCopy) -> Line:
    claim = Claim(urgency_rank(order.urgency))
    return Line(_key(goods), goods.unit, ZERO, claim=claim, asked=False, traceparent=order.traceparent)


def _key(goods: GoodsLine) -> LineKey:
    return LineKey("", goods.order, goods.line_no, goods.item)


def _reference(note: ShipmentNote) -> str:
    return ",".join(sorted({line.order for line in note.lines}))


def _refusal(refused: Sequence[GoodsLine], orders: Mapping[str, OrderCopy]) -> IllegalMove:
    """Return why lines could not be shipped: the order's state, or more than is still to ship."""
    fields = []
    for goods in refused:
        order = orders[goods.order]
        line = order.line(goods.line_no)
        if not order.may_ship:
            params: dict[str, object] = {"order": order.number, "state": order.state, "allowed": list(SHIPPABLE_STATES)}
            fields.append(FieldProblem("lines.order", "ORDER_NOT_SHIPPABLE", params))
        elif line is not None:
            params = {
                "order": order.number, "line_no": line.line_no, "item": line.item, "wanted": plain(goods.quantity),
                "ordered": plain(line.ordered), "shipped": plain(line.net_shipped), "remaining": plain(line.remaining),
                "unit": line.unit,
            }  # fmt: skip
            fields.append(FieldProblem("lines.quantity", "OVER_SHIPMENT", params))
    return IllegalMove(fields[0].reason, fields, **fields[0].params)
