"""Reserve what a plan needs: one ordered lock, one write, one allocation by priority (reliability.md 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inventory_service.app.ports import Warehouse
from inventory_service.app.reallocate import reallocate, settle_behind
from inventory_service.app.tell_holdings import tell_lines
from inventory_service.domain.production import Receivable
from inventory_service.domain.reservation import Line, LineKey
from inventory_service.domain.shipping import ENDED_STATES


@dataclass(frozen=True, slots=True)
class Plan:
    """An order's whole plan as told: what it wants held, and what it makes."""

    order: str
    asked: Sequence[Line]
    production_orders: Sequence[Receivable]


async def reserve_components(house: Warehouse, plans: Sequence[Plan], movement_id: str) -> None:
    """Hold what the plans ask for, as far as there is stock; a plan told again changes what was held for the first."""
    orders = {plan.order for plan in plans}
    locked = await house.stock.lock({line.key.item for plan in plans for line in plan.asked})
    before = {line.key: line for line in await house.reservations.of_orders(orders)}
    if more := {key.item for key in before} - locked.keys():
        await house.stock.lock(more)
    await house.receivables.learn([order for plan in plans for order in plan.production_orders])
    wanted = {line.key: line for line in await _alive(house, _newest(plans))}
    if before:
        await _compare(house, before, wanted, movement_id)
    else:
        await _admit(house, list(wanted.values()), movement_id)


async def _admit(house: Warehouse, lines: Sequence[Line], movement_id: str) -> None:
    """Reserve for orders seen for the first time: one statement writes and allocates."""
    held = await house.reservations.admit(lines)
    await settle_behind(house, [line.key for line in held if line.got], movement_id)
    tell_lines(house, held)


async def _compare(
    house: Warehouse, before: Mapping[LineKey, Line], wanted: Mapping[LineKey, Line], movement_id: str
) -> None:
    """Change what an earlier plan, or an intent, holds into what is asked for now."""
    touched = {key.demand for key in wanted}
    lines = [_changed(before.get(key), line) for key, line in wanted.items()]
    for line in (line for key, line in before.items() if key not in wanted):
        if line.expires_at and line.is_open:
            lines.append(line.closed())
        elif line.asked and line.key.demand in touched:
            lines.append(line.needing(line.issued))
    await house.reservations.save(lines)
    await reallocate(house, {line.key.item for line in lines}, movement_id, changed=touched)


def _newest(plans: Sequence[Plan]) -> list[Line]:
    """Return what the latest plan of each order asks for, one line per key."""
    latest = {plan.order: plan for plan in plans}
    return merged([line for plan in latest.values() for line in plan.asked])


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
