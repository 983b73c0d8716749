"""Free what is held for something that ended; who waits gets it in the same transaction (X32b)."""

from __future__ import annotations

from collections.abc import Callable

from inventory_service.app.ports import Warehouse
from inventory_service.app.reallocate import reallocate
from inventory_service.app.tell_holdings import by_demand
from inventory_service.domain.reservation import Line


async def release_reservations(
    house: Warehouse, order: str, concerns: Callable[[Line], bool], reason: str, movement_id: str
) -> None:
    """Close the open lines of `order` that the end concerns; consumed stays consumed. Their items must be locked."""
    lines = [line for line in await house.reservations.of_orders([order]) if line.is_open and concerns(line)]
    closed = [line.closed() for line in lines]
    await house.reservations.save(closed)
    for demand, group in by_demand(closed):
        house.tell.released(demand, group, reason)
    await reallocate(house, {line.key.item for line in lines if line.held}, movement_id)
