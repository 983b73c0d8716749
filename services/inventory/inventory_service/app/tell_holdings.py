"""Tell what demands hold now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import groupby

from inventory_service.app.ports import Warehouse
from inventory_service.domain.reservation import Demand, Line


async def tell_holdings(house: Warehouse, demands: Collection[Demand]) -> None:
    """Tell ComponentsReserved or ComponentsShort for each demand that still waits or holds."""
    tell_lines(house, await house.reservations.of_demands(sorted(demands)))


def tell_lines(house: Warehouse, lines: Iterable[Line]) -> None:
    """Tell of lines that are all a demand has."""
    for demand, group in by_demand(lines):
        asked = [line for line in group if line.asked]
        if any(line.is_open for line in asked):
            house.tell.held(demand, asked)


def by_demand(lines: Iterable[Line]) -> list[tuple[Demand, list[Line]]]:
    """Group lines by who needs them."""
    ordered = sorted(lines, key=lambda line: (line.key.demand, line.key))
    return [(demand, list(group)) for demand, group in groupby(ordered, key=lambda line: line.key.demand)]
