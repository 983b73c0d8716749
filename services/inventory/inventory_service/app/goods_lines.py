"""Reading the lines of shipments and returns: order by id or number, line, quantity in any convertible unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from inventory_service.app.ports import GoodsLine, Warehouse
from inventory_service.app.wanted import WantedLine
from inventory_service.domain.entry import MAX_NAME, Entry
from inventory_service.domain.item import Item
from inventory_service.domain.shipping import OrderCopy


async def read_lines(
    house: Warehouse, entry: Entry, wanted: Sequence[WantedLine], orders: Mapping[str, OrderCopy]
) -> list[GoodsLine]:
    """Return the lines, one per order line; problems are noted in `entry`."""
    codes = {line.item for order in orders.values() for line in order.lines}
    items = await house.items.find(codes)
    found: dict[tuple[str, int], GoodsLine] = {}
    for place, line in enumerate(wanted):
        read = _read(entry, f"lines[{place}]", line, orders.get(line.order), items)
        if read is not None:
            key = (read.order, read.line_no)
            known = found.get(key)
            found[key] = replace(known, quantity=known.quantity + read.quantity) if known else read
    return list(found.values())


def _read(
    entry: Entry, at: str, wanted: WantedLine, order: OrderCopy | None, items: Mapping[str, Item]
) -> GoodsLine | None:
    if order is None:
        entry.wrong(f"{at}.order", "ORDER_UNKNOWN", order=wanted.order[:MAX_NAME])
        return None
    line = order.line(wanted.line_no)
    if line is None:
        entry.wrong(f"{at}.line_no", "LINE_UNKNOWN", order=order.number, line_no=wanted.line_no)
        return None
    if wanted.item and wanted.item != line.item:
        entry.wrong(f"{at}.item_code", "ITEM_NOT_OF_LINE", order=order.number, line_no=line.line_no, item=line.item)
    item = items.get(line.item) or Item(line.item, "", line.unit)
    quantity = entry.quantity(f"{at}.quantity", wanted.quantity, item, wanted.unit)
    return GoodsLine(order.number, line.line_no, line.item, quantity, line.unit)
