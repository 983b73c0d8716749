"""Where-used: which bills take an item, directly and further up (implosion)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from planning_service.domain.bom import BomLine
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.errors import PlanningRefusal
from planning_service.domain.item import Item


@dataclass(frozen=True, slots=True)
class Use:
    """One item above: `per_unit` stock units of the direct component for one of it; distance 1 is the direct parent."""

    item: Item
    per_unit: Fraction
    distance: int
    via: str


def where_used(catalogue: Catalogue, code: str) -> list[Use]:
    """Return every item whose bills reach the code, nearest first; each once, at its shortest distance."""
    parents = _parents(catalogue)
    found: dict[str, Use] = {}
    wave, distance = {code}, 1
    while wave:
        above: dict[str, Use] = {}
        for child in sorted(wave):
            for parent in sorted(parents[child] - found.keys() - above.keys() - {code}):
                item = catalogue.items[parent]
                above[parent] = Use(item, _per_unit(catalogue, parent, child), distance, child)
        found |= above
        wave, distance = set(above), distance + 1
    return list(found.values())


def _parents(catalogue: Catalogue) -> dict[str, set[str]]:
    parents: dict[str, set[str]] = defaultdict(set)
    for bom in catalogue.boms.values():
        for component in bom.components():
            parents[component].add(bom.item_code)
    return parents


def _per_unit(catalogue: Catalogue, parent: str, child: str) -> Fraction:
    """Return the child's quantity in the parent's newest version, in stock units, scrap left out."""
    newest = max(catalogue.boms[parent].versions, key=lambda version: version.version)
    lines = [line for line in newest.lines if line.component == child]
    total = sum((_stock_quantity(catalogue, line) for line in lines), Fraction(0))
    return total / Fraction(newest.base_quantity)


def _stock_quantity(catalogue: Catalogue, line: BomLine) -> Fraction:
    try:
        factor = catalogue.items[line.component].factor(line.unit, catalogue.units)
    except PlanningRefusal:
        factor = Fraction(1)  # the explosion tells of the missing conversion
    return Fraction(line.quantity_per) * factor
