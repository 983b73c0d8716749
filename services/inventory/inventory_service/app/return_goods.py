"""Take goods back from a customer: net shipped falls, stock rises, quarantined when quality must look (X47)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chassis.ids import uuid7
from inventory_service.app.goods_lines import read_lines
from inventory_service.app.ports import GoodsLine, Movement, ReturnNote, Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.app.wanted import WantedLine
from inventory_service.domain.document import RETURN
from inventory_service.domain.entry import Entry
from inventory_service.domain.errors import FieldProblem, IllegalMove
from inventory_service.domain.quantity import plain
from inventory_service.domain.shipping import OrderCopy


@dataclass(frozen=True, slots=True)
class ReturnGoods:
    """A return as posted."""

    lines: tuple[WantedLine, ...]
    reason: str = ""
    quarantine: bool = False


async def return_goods(house: Warehouse, command: ReturnGoods) -> ReturnNote:
    """Take back at most what was shipped and is still out."""
    entry = Entry()
    orders = await house.orders.find({line.order for line in command.lines})
    lines = await read_lines(house, entry, command.lines, orders) if entry.lines(len(command.lines)) else []
    reason = entry.words("reason", command.reason)
    entry.done()
    await house.stock.lock({line.item for line in lines})
    taken = await house.orders.take_back(lines)
    orders = await house.orders.find({line.order for line in lines})
    if refused := [line for line in lines if (line.order, line.line_no) not in taken]:
        raise _refusal(refused, orders)
    number = await house.documents.next_number(RETURN)
    note = ReturnNote(str(uuid7()), number, tuple(lines), house.actor, house.now, reason, command.quarantine)
    await house.documents.add_return(note)
    back = _per_item(lines)
    await house.stock.move(Movement(number, "return", ",".join(sorted(orders)), reason), back)
    if command.quarantine:
        await house.stock.quarantine(back)
    house.tell.returned(note, {order.number: order.traceparent for order in orders.values()})
    await reallocate(house, set(back), number)
    return note


def _per_item(lines: Sequence[GoodsLine]) -> dict[str, Decimal]:
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        total[line.item] += line.quantity
    return dict(total)


def _refusal(refused: Sequence[GoodsLine], orders: Mapping[str, OrderCopy]) -> IllegalMove:
    fields = []
    for goods in refused:
        line = orders[goods.order].line(goods.line_no)
        if line is not None:
            params = {
                "order": goods.order, "line_no": goods.line_no, "item": goods.item, "wanted": plain(goods.quantity),
                "shipped": plain(line.shipped), "returned": plain(line.returned), "unit": goods.unit,
            }  # fmt: skip
            fields.append(FieldProblem("lines.quantity", "OVER_RETURN", params))
    return IllegalMove("OVER_RETURN", fields, **fields[0].params)
