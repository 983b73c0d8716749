"""A component kept with a production order (or a stocked order line), and when its shortage is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from planning_service.domain.exact import ZERO


@dataclass(frozen=True, slots=True)
class Held:
    """What inventory holds of one component, in totals: the latest word counts."""

    line_no: int
    item_code: str
    reserved: Decimal
    issued: Decimal
    short: Decimal
    revision: int = 0
    """Rises with each change of what is held; 0 when nobody counts."""


@dataclass(frozen=True, slots=True)
class Component:
    """What a production order needs of one item; `production_order_number` is empty for a stocked order line."""

    order_number: str
    production_order_number: str
    line_no: int
    item_code: str
    item_name: str
    unit: str
    due_date: date
    required: Decimal
    made: Decimal = ZERO
    expected: Decimal = ZERO
    available: Decimal = ZERO
    reserved: Decimal = ZERO
    issued: Decimal = ZERO
    held_short: Decimal = ZERO
    told: bool = False
    substitutes: str | None = None
    heard: int = 0
    """The revision of inventory's latest word."""

    @property
    def short(self) -> Decimal:
        """Return what is missing and not being made for it (S40)."""
        return max(ZERO, self.held_short - self.expected) if self.held_short else ZERO

    @property
    def to_pick(self) -> Decimal:
        """Return what shall come out of stock."""
        return self.required - self.made if self.made else self.required

    def holding(self, held: Held) -> Component:
        """Return the component as inventory now holds it; a word older than what was heard changes nothing."""
        if held.revision and held.revision < self.heard:
            return self
        if held.revision <= self.heard + 1 and self.is_as(held):
            return self
        return replace(
            self,
            reserved=held.reserved,
            issued=held.issued,
            held_short=held.short,
            heard=max(self.heard, held.revision),
        )

    def is_as(self, held: Held) -> bool:
        """Say whether inventory holds what is known already."""
        return (self.reserved, self.issued, self.held_short) == (held.reserved, held.issued, held.short)

    def expecting_nothing(self) -> Component:
        """Return the component when its child production order has ended."""
        return replace(self, expected=ZERO)

    def wants_telling(self) -> bool:
        """Say whether a shortage begins or ends here: each is told once."""
        return (self.short > 0) != self.told
