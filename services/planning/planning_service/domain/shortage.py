"""What is missing of items: of a plan being made, and of one that was kept (S40)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from planning_service.domain.component import Component
from planning_service.domain.exact import from_micro
from planning_service.domain.needs import ComponentNeed


@dataclass(frozen=True, slots=True)
class Shortage:
    """What is short of one item, in the item's stock unit."""

    item_code: str
    item_name: str
    short: Decimal
    unit: str


def shortages_of(needs: Iterable[ComponentNeed]) -> list[Shortage]:
    """Return what netted needs are short of, one entry per item, by code."""
    totals: dict[str, tuple[ComponentNeed, int]] = {}
    for need in needs:
        if need.short > 0:
            totals[need.item.code] = (need, totals.get(need.item.code, (need, 0))[1] + need.short)
    return [
        Shortage(code, need.item.name, from_micro(short), need.item.unit)
        for code, (need, short) in sorted(totals.items())
    ]


def open_shortages(components: Iterable[Component]) -> list[Shortage]:
    """Return what kept components are short of now, one entry per item, by code."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    last: dict[str, Component] = {}
    for component in components:
        if component.short > 0:
            totals[component.item_code] += component.short
            last[component.item_code] = component
    return [Shortage(code, last[code].item_name, totals[code], last[code].unit) for code in sorted(totals)]


def one_per_item(components: Iterable[Component]) -> list[tuple[Component, Decimal]]:
    """Return of each item the component that is short of most, and what all of them are short of, by code."""
    found: dict[str, Component] = {}
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for component in components:
        totals[component.item_code] += component.short
        known = found.get(component.item_code)
        if known is None or component.short > known.short:
            found[component.item_code] = component
    return [(found[code], totals[code]) for code in sorted(found)]
