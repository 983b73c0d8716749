"""Reserve what a plan needs: one ordered lock, one write, one allocation by priority (reliability.md 4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from inventory_service.app.ports import Warehouse
from inventory_service.app.reallocate import reallocate, settle_behind
from inventory_service.app.tell_holdings import by_demand, tell_lines
from inventory_service.domain.production import Receivable
from inventory_service.domain.reservation import Line, LineKey
from inventory_service.domain.shipping import ENDED_STATES

REPLACED = "ORDER_CHANGED"
"""Why stock kept for a plan is released: the word planning gives as the reason of the end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An order's whole plan as told: what it wants held, and what it makes."""

    order: str
    asked: Sequence[Line]
    production_orders: Sequence[Receivable]
    replaced: Sequence[str] = ()
    """Production orders cancelled for this plan."""


async def reserve_components(house: Warehouse, plans: Sequence[Plan], movement_id: str) -> None:
    """Hold what the plans ask for, as far as there is stock; a plan told again changes what was held for the first."""
    orders = {plan.order for plan in plans}
    await house.stock.secure({line.key.item for plan in plans for line in plan.asked})
    before = {line.key: line for line in await house.reservations.of_orders(orders)}
    await house.stock.secure({key.item for key in before})
    await house.receivables.learn([order for plan in plans for order in plan.production_orders])
    wanted = {line.key: line for line in await _alive(house, _newest(plans))}
    if before:
        replaced = {number for plan in plans for number in plan.replaced}
        await _compare(house, before, wanted, replaced, await _ended(house, before, plans), movement_id)
    else:
        await _admit(house, list(wanted.values()), movement_id)


async def _admit(house: Warehouse, lines: Sequence[Line], movement_id: str) -> None:
    """Reserve for orders seen for the first time: one statement writes and allocates."""
    held = await house.reservations.admit(lines)
    await settle_behind(house, [line.key for line in held if line.got], movement_id)
    tell_lines(house, held)


async def _compare(
    house: Warehouse,
    before: Mapping[LineKey, Line],
    wanted: Mapping[LineKey, Line],
    replaced: Collection[str],
    ended: Collection[str],
    movement_id: str,
) -> None:
    """Change what an earlier plan, or an intent, holds into what is asked for now.

    The production orders in `replaced` have yet to end; those in `ended` waited for this plan.
    """
    touched = {key.demand for key in wanted}
    gone = [line.needing(line.issued).closed() for line in before.values() if _waits(line, ended)]
    lines = [_changed(before.get(key), line) for key, line in wanted.items()]
    for line in (line for key, line in before.items() if key not in wanted):
        if _waits(line, ended):
            continue
        if line.expires_at and line.is_open:
            lines.append(line.closed())
        elif line.asked and (line.key.demand in touched or line.key.production_order in replaced):
            lines.append(line.needing(line.issued))
    lines, handed = handed_on(before, [*lines, *gone])
    await house.reservations.save(lines)
    for demand, group in by_demand(gone):
        house.tell.released(demand, group, REPLACED)
    await settle_behind(house, handed, movement_id)
    await reallocate(house, {line.key.item for line in lines}, movement_id, changed=touched)


async def _ended(house: Warehouse, before: Mapping[LineKey, Line], plans: Sequence[Plan]) -> set[str]:
    """Return the production orders that ended, still hold, and are made no more: an older plan leaves them waiting."""
    made = {order.number for plan in _latest(plans) for order in plan.production_orders}
    return await house.receivables.dead({key.production_order for key, line in before.items() if line.is_open} - made)


def _waits(line: Line, ended: Collection[str]) -> bool:
    return line.is_open and line.key.production_order in ended


def handed_on(before: Mapping[LineKey, Line], after: Sequence[Line]) -> tuple[list[Line], list[LineKey]]:
    """Return the lines, and which of them got what other lines of their order gave back.

    Held stock stays with its order: only what no line of it needs any more is for whoever waits.
    """
    freed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in after:
        if (was := before.get(line.key)) is not None and was.held > line.held:
            freed[line.key.order, line.key.item] += was.held - line.held
    lines, handed = [], []
    for line in after:
        share = min(line.hungry, freed[line.key.order, line.key.item])
        if share > 0:
            freed[line.key.order, line.key.item] -= share
            handed.append(line.key)
        lines.append(line.granted(line.got + share) if share > 0 else line)
    return lines, handed


def _newest(plans: Sequence[Plan]) -> list[Line]:
    """Return what the latest plan of each order asks for, one line per key."""
    return merged([line for plan in _latest(plans) for line in plan.asked])


def _latest(plans: Sequence[Plan]) -> list[Plan]:
    return list({plan.order: plan for plan in plans}.values())


def merged(lines: Sequence[Line]) -> list[Line]:
    """Return one line per key: the same item asked for twice by one demand is one need."""
    found: dict[LineKey, Line] = {}
    for line in lines:
        known = found.get(line.key)
        found[line.key] = replace(known, need=known.need + line.need) if known else line
    return list(found.values())


async def _alive(house: Warehouse, asked: Sequence[Line]) -> list[Line]:
    """Leave out what was cancelled before its plan arrived here."""
    states = await house.orders.states({line.key.order for line in asked})
    numbers = {line.key.production_order for line in asked if line.key.production_order}
    dead = await house.receivables.dead(numbers)
    return [
        line
        for line in asked
        if line.key.production_order not in dead and states.get(line.key.order) not in ENDED_STATES
    ]


def _changed(known: Line | None, asked: Line) -> Line:
    if known is None:
        return asked
    # Made goods waiting for their shipment grew the need of an order line: a plan told again leaves them there.
    exact = asked.key.production_order or known.expires_at
    need = asked.need if exact else max(asked.need, known.got)
    return replace(known.needing(need), claim=asked.claim, asked=True, is_open=True, expires_at=None)
