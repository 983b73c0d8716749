"""Reserve what a plan needs: one ordered lock, one write, one allocation by priority (reliability.md 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inventory_service.app.ports import Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.domain.production import OPEN, Receivable
from inventory_service.domain.reservation import Line, LineKey
from inventory_service.domain.shipping import ENDED_STATES


async def reserve_components(
    house: Warehouse, order: str, asked: Sequence[Line], production_orders: Sequence[Receivable], movement_id: str
) -> None:
    """Hold what `asked` names, as far as there is stock; a plan told again changes what was held for the first."""
    before = {line.key: line for line in await house.reservations.of_orders([order])}
    await house.stock.lock({line.key.item for line in asked} | {key.item for key in before})
    await house.receivables.learn(production_orders)
    before = {line.key: line for line in await house.reservations.of_orders([order])}
    wanted = {line.key: line for line in merged(await _alive(house, order, asked))}
    touched = {key.demand for key in wanted}
    lines = [_changed(before.get(key), line) for key, line in wanted.items()]
    lines += [
        line.needing(line.issued)
        for key, line in before.items()
        if key not in wanted and key.demand in touched and line.asked
    ]
    await house.reservations.save(lines)
    await reallocate(house, {line.key.item for line in lines}, movement_id, changed=touched)


def merged(lines: Sequence[Line]) -> list[Line]:
    """Return one line per key: the same item asked for twice by one demand is one need."""
    found: dict[LineKey, Line] = {}
    for line in lines:
        known = found.get(line.key)
        found[line.key] = replace(known, need=known.need + line.need) if known else line
    return list(found.values())


async def _alive(house: Warehouse, order: str, asked: Sequence[Line]) -> list[Line]:
    """Leave out what was cancelled before its plan arrived here."""
    known = (await house.orders.find([order])).get(order)
    if known is not None and known.state in ENDED_STATES:
        return []
    orders = await house.receivables.of_numbers(
        {line.key.production_order for line in asked if line.key.production_order}
    )
    dead = {number for number, of in orders.items() if of.state != OPEN}
    return [line for line in asked if line.key.production_order not in dead]


def _changed(known: Line | None, asked: Line) -> Line:
    if known is None:
        return asked
    # Made goods waiting for their shipment grew the need of an order line: a plan told again leaves them there.
    need = asked.need if asked.key.production_order else max(asked.need, known.got)
    return replace(known.needing(need), claim=asked.claim, asked=True, is_open=True)
