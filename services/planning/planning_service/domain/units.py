"""Units and exact conversions: physical units by dimension, packing units per item (S35, X22-X24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit people may write. Units of one dimension convert by their scales; a unit without one only per item."""

    code: str
    dimension: str | None = None
    scale: Decimal = Decimal(1)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ItemUnit:
    """One `unit` of the item equals `factor` stock units."""

    unit: str
    factor: Decimal


class UnitCatalogue:
    """The units the factory knows, by code."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units: Mapping[str, Unit] = {unit.code: unit for unit in units}

    def __contains__(self, code: str) -> bool:
        return code in self._units

    def codes(self) -> tuple[str, ...]:
        """Return every known unit code in seeded order."""
        return tuple(self._units)

    def dimension(self, code: str) -> str | None:
        """Return what the unit measures; None for counted and packing units."""
        unit = self._units.get(code)
        return unit.dimension if unit else None

    def is_whole(self, code: str) -> bool:
        """Say whether the unit counts whole pieces by default."""
        unit = self._units.get(code)
        return unit is not None and unit.whole

    def ratio(self, source: str, target: str) -> Fraction | None:
        """Return how many `target` one `source` is, or None without a common dimension."""
        if source == target:
            return Fraction(1)
        one, other = self._units.get(source), self._units.get(target)
        if one is None or other is None or one.dimension is None or one.dimension != other.dimension:
            return None
        return Fraction(one.scale) / Fraction(other.scale)

    def factor(self, unit: str, stock_unit: str, item_units: Iterable[ItemUnit]) -> Fraction | None:
        """Return how many stock units one `unit` of the item is, or None when nothing leads there exactly.

        An item's own packing units come first: 1 roll of this cable is 100 m whatever a roll is elsewhere.
        """
        own = {entry.unit: Fraction(entry.factor) for entry in item_units}
        if unit in own and unit != stock_unit:
            return own[unit]
        direct = self.ratio(unit, stock_unit)
        if direct is not None:
            return direct
        for known, factor in own.items():
            step = self.ratio(unit, known)
            if step is not None:
                return step * factor
        return None
