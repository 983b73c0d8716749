"""Tell what demands hold now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

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
    groups: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.key.order, line.key.production_order].append(line)
    return [(Demand(*who), sorted(group, key=_place)) for who, group in sorted(groups.items())]


def _place(line: Line) -> tuple[int, str]:
    return line.key.line_no, line.key.item
