"""Facts told by inventory change what an order's lines carry."""

from __future__ import annotations

from datetime import datetime

from order_service.app.facts import Shipment, ShipmentLine
from order_service.app.open_invoice_task import open_invoice_tasks, reopen_invoice_tasks
from order_service.app.ports import Goods, Invoices, Orders
from order_service.domain.invoicing import share_returns
from order_service.domain.order import Order
from order_service.domain.quantity import plain


async def record_receipt(line: ShipmentLine, number: str, at: datetime, *, orders: Orders, goods: Goods) -> None:
    """Raise what was received of a line (S54); nothing is shipped by this."""
    order = await orders.get(line.order_number)
    await goods.add_receipt(number, order.id, line.line_no, line.quantity, at)
    order.weigh(await goods.totals(order.id))
    order.milestones["received"] = at
    order.notes.append(("GoodsReceived", {"receipt_number": number, **_words([line])}))
    await orders.save(order)


async def record_shipment(
    shipment: Shipment, *, orders: Orders, goods: Goods, invoices: Invoices, now: datetime
) -> None:
    """Raise what was shipped of one order; the last shipment completes it and opens the invoice task."""
    order = await orders.get(shipment.lines[0].order_number)
    await goods.add_shipment(shipment)
    order.weigh(await goods.totals(order.id))
    words = {"shipment_number": shipment.number, "tracking_numbers": ",".join(shipment.tracking_numbers)}
    order.notes.append(("GoodsShipped", {**words, "carrier": shipment.carrier, **_words(shipment.lines)}))
    every = await goods.tracking_numbers(order.id)
    await _share_returns(order, goods, invoices)
    known = await goods.shipment(shipment.number)  # newer words may have come before it
    numbers = known.tracking_numbers if known else shipment.tracking_numbers
    ended = order.note_shipped(shipment.number, numbers, every, shipment.shipped_at)
    await open_invoice_tasks(order, invoices, now, ended=ended)
    if order.is_signed:  # signed for before this event came
        order.note_signed(known.signed_by if known else "", (known and known.signed_at) or now)
    await orders.save(order)


async def record_shipment_words(shipment: Shipment, order_number: str, orders: Orders, goods: Goods) -> None:
    """Let the copy follow what was entered of a shipment; one not known yet finds it when it comes."""
    order = await orders.get(order_number)
    await goods.add_shipment(shipment)
    words = {"shipment_number": shipment.number, "tracking_numbers": ",".join(shipment.tracking_numbers)}
    order.notes.append(("ShipmentChanged", {**words, "carrier": shipment.carrier}))
    await orders.save(order)


async def record_return(
    lines: tuple[ShipmentLine, ...], number: str, reason: str, at: datetime,
    *, orders: Orders, goods: Goods, invoices: Invoices,
) -> None:  # fmt: skip
    """Lower net shipped; a complete order opens again, and finance hears of what was invoiced too much (X47)."""
    order = await orders.get(lines[0].order_number)
    await goods.add_return(number, order.id, lines, reason, at)
    order.weigh(await goods.totals(order.id))
    order.note_returned()
    order.notes.append(("GoodsReturned", {"return_number": number, "reason": reason, **_words(lines)}))
    shipments = await _share_returns(order, goods, invoices)
    await reopen_invoice_tasks(order, shipments, invoices, at)
    await orders.save(order)


async def _share_returns(order: Order, goods: Goods, invoices: Invoices) -> set[str]:
    """Lay what came back on the shipments it came from; return those."""
    returned = await goods.unshared_returns(order.id)
    shares = share_returns(returned, await invoices.parts(order.id)) if returned else []
    await goods.add_shares(order.id, shares)
    return {share.shipment for share in shares}


def _words(lines: tuple[ShipmentLine, ...] | list[ShipmentLine]) -> dict[str, str]:
    """Return lines as one text for the timeline."""
    return {"lines": "; ".join(f"{line.line_no}: {line.item_code} {plain(line.quantity)}{line.unit}" for line in lines)}
