"""Commit a rush insert: the only way held stock changes hands (contract 4, Stock held)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from chassis.ids import uuid7
from inventory_service.app.ports import Movement, Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.domain.entry import MAX_NAME, Entry
from inventory_service.domain.errors import NotFound
from inventory_service.domain.quantity import ZERO
from inventory_service.domain.reservation import Claim, Line, LineKey

Taken = list[tuple[Line, Decimal]]


async def take_reservations(house: Warehouse, order: str, reason: str) -> tuple[str, Taken, list[Line]]:
    """Feed the order's short lines from safety stock, then from lines ranked behind it; return who gave what."""
    entry = Entry()
    reason = entry.words("reason", reason, required=True)
    entry.done()
    known = (await house.orders.find([order])).get(order)
    if known is None:
        raise NotFound("ORDER_UNKNOWN", order=order[:MAX_NAME])
    items = {line.key.item for line in await house.reservations.of_orders([known.number]) if line.hungry > 0}
    balances = await house.stock.lock(items)
    hungry = [line for line in await house.reservations.of_orders([known.number]) if line.hungry > 0]
    spare = {item: max(ZERO, balance.available) for item, balance in balances.items()}
    holders = [line for line in await house.reservations.holders(items) if line.key.order != known.number]
    fed, given = feed(hungry, holders, spare)
    taken = [(line, quantity) for line in holders if (quantity := given[line.key]) > 0]
    await house.reservations.save([line.fed(-quantity) for line, quantity in taken])
    await house.reservations.save(fed)
    movement = Movement(str(uuid7()), "rush", known.number, reason)
    for item in sorted({line.key.item for line in fed}):
        await house.stock.note(movement, item)
    await reallocate(
        house, items, movement.id, changed={line.key.demand for line in [*fed, *(line for line, _ in taken)]}
    )
    return known.number, taken, await house.reservations.of_orders([known.number])


def feed(
    hungry: Iterable[Line], holders: Sequence[Line], spare: dict[str, Decimal]
) -> tuple[list[Line], defaultdict[LineKey, Decimal]]:
    """Return the fed lines and what each holder gives; holders come least pressing first and keep their better claims."""
    given: defaultdict[LineKey, Decimal] = defaultdict(Decimal)
    fed = []
    for line in sorted(hungry, key=lambda line: rank(line.claim)):
        item, left = line.key.item, line.hungry
        taken = min(left, spare.get(item, ZERO))
        spare[item] = spare.get(item, ZERO) - taken
        left -= taken
        for holder in holders:
            if holder.key.item == item and rank(holder.claim) > rank(line.claim):
                gives = min(left, holder.held - given[holder.key])
                given[holder.key] += gives
                left -= gives
        if left < line.hungry:
            fed.append(line.fed(line.need - left - line.got))
    return fed, given


def rank(claim: Claim) -> tuple[int, int, date]:
    """Return what orders claims: planner's rank, urgency, due date."""
    return claim.rank, claim.urgency, claim.due
