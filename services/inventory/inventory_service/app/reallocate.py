"""Everything that frees or adds stock ends here, in the same transaction: nothing lies idle beside an open shortage."""

from __future__ import annotations

from collections.abc import Collection

from inventory_service.app.consume import backflush, settled
from inventory_service.app.ports import Warehouse
from inventory_service.app.tell_holdings import by_demand, tell_holdings
from inventory_service.domain.reservation import Demand, LineKey


async def reallocate(
    house: Warehouse, items: Collection[str], movement_id: str, *, changed: Collection[Demand] = ()
) -> None:
    """Give free stock of these (locked) items to who waits, most pressing first; tell every demand that changed."""
    fed = await house.reservations.reallocate(items) if items else []
    if fed:
        await settle_behind(house, fed, movement_id)
    await tell_holdings(house, {key.demand for key in fed} | set(changed))


async def settle_behind(house: Warehouse, fed: Collection[LineKey], movement_id: str) -> None:
    """Consume what receipts made earlier still owe, now that it is here."""
    keys = {key for key in fed if key.production_order}
    if not keys or not house.policy.backflush:
        return
    behind = await house.receivables.begun({key.production_order for key in keys})
    if not behind:
        return
    demands = {key.demand for key in keys if key.production_order in behind}
    for demand, lines in by_demand(await house.reservations.of_demands(sorted(demands))):
        of = behind[demand.production_order]
        mine = [line for line in lines if line.key in keys]
        done = {line.key: line for line in await backflush(house, of, mine, {}, f"{movement_id}/{of.number}")}
        now = [done.get(line.key, line) for line in lines]
        ended = {line.key: line.closed() for line in now if line.is_open and of.is_last and line.issued >= line.need}
        await house.reservations.save(list(ended.values()))
        now = [ended.get(line.key, line) for line in now]
        house.tell.issued(demand, now, "backflush", settled=settled(of, now))
