"""The copy of an item that inventory keeps: its stock unit and exact conversions (planning owns the original)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from inventory_service.domain.quantity import ZERO


@dataclass(frozen=True, slots=True)
class Item:
    """An item; `units` says how many stock units one other unit holds; `version` only rises."""

    code: str
    name: str
    unit: str
    whole_units: bool = False
    safety_stock: Decimal = ZERO
    units: Mapping[str, Decimal] = field(default_factory=dict)
    version: int = 0

    def factor(self, unit: str) -> Decimal | None:
        """Return the stock units in one `unit` (empty: the stock unit); None when nothing leads there."""
        return Decimal(1) if unit in ("", self.unit) else self.units.get(unit)
