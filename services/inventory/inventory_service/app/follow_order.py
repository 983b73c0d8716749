"""Follow what the order service tells about customer orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from inventory_service.app.ports import Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.app.release_reservations import release_reservations
from inventory_service.app.tell_holdings import by_demand
from inventory_service.domain.reservation import Claim, Line, urgency_rank
from inventory_service.domain.shipping import UNCONFIRMED_STATES, OrderCopy


async def confirm_order(house: Warehouse, confirmed: OrderCopy) -> None:
    """Keep what may be shipped; a newer state learned by asking stays."""
    known = (await house.orders.find([confirmed.number])).get(confirmed.number)
    keep = known is not None and known.state not in UNCONFIRMED_STATES
    await house.orders.learn(replace(confirmed, state=known.state) if known and keep else confirmed)


async def move_order(house: Warehouse, number: str, state: str) -> None:
    """Note that an order is held or goes on."""
    await house.orders.set_state(number, state)


async def change_order(house: Warehouse, changed: OrderCopy, due: Mapping[int, date], movement_id: str) -> None:
    """Follow new quantities, dates and urgency: what is not wanted any more is freed, ranks follow (X10, X11)."""
    if not await _learn_known(house, changed):
        return
    await _lock(house, changed)
    order = (await house.orders.find([changed.number]))[changed.number]
    before = [line for line in await house.reservations.of_orders([order.number]) if line.is_open]
    await house.reservations.rank({line.key: _claim(line, order, due) for line in before})
    after = [_fitting(replace(line, claim=_claim(line, order, due)), order) for line in before]
    cut = [line for line, was in zip(after, before, strict=True) if line.need < was.need]
    await house.reservations.save(cut)
    for demand, lines in by_demand(cut):
        house.tell.released(demand, lines, "order changed")
    await reallocate(house, {line.key.item for line in cut}, movement_id, changed={line.key.demand for line in cut})


async def cancel_order(house: Warehouse, cancelled: OrderCopy, reason: str, movement_id: str) -> None:
    """Nothing more is shipped for it, nothing stays held for it (invariant 12)."""
    if not await _learn_known(house, cancelled):
        await house.orders.learn(cancelled)
    await _lock(house, cancelled)
    await release_reservations(house, cancelled.number, lambda _: True, reason, movement_id)


async def _learn_known(house: Warehouse, told: OrderCopy) -> bool:
    """Take over an order already known, keeping what this event does not carry; False when it is unknown here."""
    known = (await house.orders.find([told.number])).get(told.number)
    if known is None:
        return False
    urgency, at_once = told.urgency or known.urgency, told.ship_on_receipt or known.ship_on_receipt
    state = told.state or known.state
    await house.orders.learn(replace(told, state=state, urgency=urgency, ship_on_receipt=at_once))
    return True


async def _lock(house: Warehouse, order: OrderCopy) -> None:
    lines = await house.reservations.of_orders([order.number])
    await house.stock.lock({line.key.item for line in lines} | {line.item for line in order.lines})


def _claim(line: Line, order: OrderCopy, due: Mapping[int, date]) -> Claim:
    own = line.key.production_order == ""
    day = due.get(line.key.line_no, line.claim.due) if own else line.claim.due
    return replace(line.claim, urgency=urgency_rank(order.urgency), due=day)


def _fitting(line: Line, order: OrderCopy) -> Line:
    """Return an order line's reservation needing no more than is still to ship; production orders follow planning."""
    ordered = order.line(line.key.line_no)
    if line.key.production_order:
        return line
    if ordered is None or ordered.item != line.key.item:
        return line.closed()
    return line.needing(min(line.need, line.issued + ordered.remaining))
