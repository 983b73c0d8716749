"""What a plan consists of while it is made: drafts of production orders and the components they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from planning_service.domain.bom import Alternate, BomVersion
from planning_service.domain.exact import from_micro
from planning_service.domain.item import Item

ORDER_LINE = -1
"""The owner of a need that no production order has: the order line itself, served from stock."""


@dataclass(slots=True)
class ComponentNeed:
    """What one production order (or the order line) wants of one item, in micro of its stock unit."""

    item: Item
    owner: int
    line_no: int
    required: int = 0
    from_stock: int = 0
    from_production: int = 0
    alternates: tuple[Alternate, ...] = ()
    substitutes: str | None = None
    """The component this alternate stands in for (X25)."""

    @property
    def short(self) -> int:
        """Return what neither stock nor a child production order covers."""
        return self.required - self.from_stock - self.from_production

    @property
    def to_pick(self) -> int:
        """Return what shall come out of stock: everything that is not made for it."""
        return self.required - self.from_production

    def want_alternates(self, alternates: list[Alternate]) -> None:
        """Remember the substitutes a line allows, first choice first."""
        known = {a.item_code for a in self.alternates}
        self.alternates += tuple(a for a in alternates if a.item_code not in known)


@dataclass(slots=True)
class Draft:
    """A production order to be: `making` micro of the item; `parents` are the drafts it is made for."""

    index: int
    line_no: int
    item: Item
    making: int
    version: BomVersion
    due_date: date
    parents: list[int] = field(default_factory=list)
    components: dict[str, ComponentNeed] = field(default_factory=dict)

    @property
    def quantity(self) -> Decimal:
        """Return the quantity to make, in the item's stock unit."""
        return from_micro(self.making)

    @property
    def parent(self) -> int | None:
        """Return the first draft this one is made for; None when it is made for the order line."""
        return self.parents[0] if self.parents else None


@dataclass(slots=True)
class LineNet:
    """One order line netted: what it takes from stock itself and the drafts that make the rest."""

    line_no: int
    item: Item
    quantity: int
    need: ComponentNeed
    drafts: list[Draft] = field(default_factory=list)

    def needs(self) -> Iterator[ComponentNeed]:
        """Yield the line's own need, then every component of every draft."""
        yield self.need
        for draft in self.drafts:
            yield from draft.components.values()
