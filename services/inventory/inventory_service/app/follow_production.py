"""Follow what planning tells about production orders."""

from __future__ import annotations

from inventory_service.app.consume import book_off
from inventory_service.app.ports import Warehouse
from inventory_service.app.release_reservations import release_reservations
from inventory_service.domain.production import Receivable
from inventory_service.domain.reservation import Demand, Line


async def follow_inspection(house: Warehouse, recorded: Receivable, movement_id: str) -> None:
    """Keep the totals; when they show that nothing more will come, book off what is left of the components."""
    was = (await house.receivables.of_numbers([recorded.number])).get(recorded.number)
    await house.receivables.learn([recorded])
    now = (await house.receivables.of_numbers([recorded.number]))[recorded.number]
    if was is None or was.is_last or not now.is_last:
        return
    lines = await house.reservations.of_demands([Demand(now.order, now.number)])
    balances = await house.stock.lock({line.key.item for line in lines})
    await book_off(house, now, {item: balance.available for item, balance in balances.items()}, movement_id)


async def end_production_order(house: Warehouse, ended: Receivable, reason: str, movement_id: str) -> None:
    """Free what an ended production order still holds; consumed stays consumed."""
    await house.receivables.learn([ended])
    await _locked(house, ended)
    await release_reservations(house, ended.order, lambda line: _is_of(line, ended), reason, movement_id)


async def replace_production_order(house: Warehouse, ended: Receivable, reason: str, movement_id: str) -> None:
    """End one that a plan replaces: what it holds waits for that plan, and goes to nobody else before (X10)."""
    kept = [line.needing(line.got) for line in await _locked(house, ended) if line.is_open]
    if any(line.held for line in kept):
        await house.receivables.learn([ended])
        await house.reservations.save(kept)
    else:  # the plan was here before, or nothing is held
        await end_production_order(house, ended, reason, movement_id)


async def _locked(house: Warehouse, ended: Receivable) -> list[Line]:
    """Lock the items of its lines; return the lines as they are then."""
    demand = Demand(ended.order, ended.number)
    await house.stock.lock({line.key.item for line in await house.reservations.of_demands([demand])})
    return await house.reservations.of_demands([demand])


def _is_of(line: Line, ended: Receivable) -> bool:
    return line.key.production_order == ended.number
