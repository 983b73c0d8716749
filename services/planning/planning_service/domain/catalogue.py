"""A snapshot of the item master to explode from: items, bills and units as they stood at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from planning_service.domain.bom import Alternate, Bom, BomVersion
from planning_service.domain.errors import NoBom, UnknownItem
from planning_service.domain.item import Item
from planning_service.domain.routing import Routing
from planning_service.domain.units import UnitCatalogue


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Items, bills and routings by code."""

    items: Mapping[str, Item]
    boms: Mapping[str, Bom]
    units: UnitCatalogue
    routings: Mapping[str, Routing] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    """Version of each item, by code."""
    revision: int = 0

    def resolve(self, code: str) -> str:
        """Return the item code behind a code or an alias; an unknown one stays as it is."""
        return code if code in self.items else self.aliases.get(code, code)

    def item(self, code: str) -> Item:
        """Return the item; raises UnknownItem."""
        found = self.items.get(code)
        if found is None:
            raise UnknownItem(item=code)
        return found

    def bom(self, code: str) -> Bom:
        """Return all versions of the item's bill; raises NoBom."""
        found = self.boms.get(code)
        if found is None:
            raise NoBom(item=code)
        return found

    def version_on(self, code: str, day: date) -> BomVersion | None:
        """Return the version of the item's bill effective on the day, if there is one."""
        bom = self.boms.get(code)
        return bom.version_on(day) if bom else None

    def alternates(self, parent: str, component: str, day: date) -> list[Alternate]:
        """Return the substitutes the parent's bill of the day allows for a component, first choice first (X25)."""
        version = self.version_on(parent, day)
        lines = version.lines_on(day) if version else []
        return [a for line in lines if line.component == component for a in line.ordered_alternates()]

    def components_of(self, code: str) -> Iterable[str]:
        """Return every component of every version of the item's bill."""
        bom = self.boms.get(code)
        return bom.components() if bom else ()
