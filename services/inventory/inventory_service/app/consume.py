"""Consume goods for reservation lines: what they hold first, then free stock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from inventory_service.app.ports import Movement, Warehouse
from inventory_service.domain.item import Item
from inventory_service.domain.production import Receivable
from inventory_service.domain.quantity import ZERO, share
from inventory_service.domain.reservation import Demand, Line


async def consume(
    house: Warehouse, movement: Movement, wanted: Sequence[tuple[Line, Decimal]], free: Mapping[str, Decimal]
) -> list[Line]:
    """Consume for each line up to what is wanted; return the lines as they are then. Never below zero."""
    left = dict(free)
    taken: defaultdict[str, Decimal] = defaultdict(Decimal)
    after = []
    for line, quantity in wanted:
        item = line.key.item
        changed, used = line.consuming(quantity, left.get(item, ZERO))
        left[item] = left.get(item, ZERO) - max(ZERO, used - line.held)
        taken[item] -= used
        after.append(changed)
    await house.reservations.save(after)
    await house.stock.move(movement, taken)
    return after


async def backflush(
    house: Warehouse, of: Receivable, lines: Sequence[Line], free: Mapping[str, Decimal], movement_id: str
) -> list[Line]:
    """Consume a production order's components in the share of it that is received; the last receipt takes the rest."""
    items = await house.items.find([line.key.item for line in lines])
    owed = [(line, quantity) for line in lines if (quantity := _owed(of, line, items.get(line.key.item))) > 0]
    if owed:
        done = {
            line.key: line for line in await consume(house, Movement(movement_id, "backflush", of.number), owed, free)
        }
        return [done.get(line.key, line) for line in lines]
    return list(lines)


async def book_off(house: Warehouse, of: Receivable, free: Mapping[str, Decimal], movement_id: str) -> None:
    """Book a receipt's components and tell; after the last receipt nothing consumed stays open."""
    demand = Demand(of.order, of.number)
    lines = await house.reservations.of_demands([demand])
    if house.policy.backflush:
        lines = await backflush(house, of, lines, free, movement_id)
    elif not of.is_last:
        return
    ended = [line.closed() for line in lines if line.is_open and of.is_last and _is_done(house, line)]
    await house.reservations.save(ended)
    lines = [{line.key: line for line in ended}.get(line.key, line) for line in lines]
    house.tell.issued(demand, lines, "backflush" if house.policy.backflush else "pick", settled=settled(of, lines))


def settled(of: Receivable, lines: Iterable[Line]) -> bool:
    """True when nothing is left to consume or return."""
    return of.is_last and not any(line.is_open and line.issued < line.need for line in lines)


def _is_done(house: Warehouse, line: Line) -> bool:
    """True when the line is consumed; picked components that were not fetched are not wanted any more."""
    return line.issued >= line.need or not house.policy.backflush


def _owed(of: Receivable, line: Line, item: Item | None) -> Decimal:
    if not line.is_open:
        return ZERO
    whole_units = item is not None and item.whole_units
    due = line.need if of.is_last else share(line.need, of.received, of.planned, whole_units=whole_units)
    return max(ZERO, due - line.issued)
