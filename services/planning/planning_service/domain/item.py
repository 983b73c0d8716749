"""Items: what can be ordered, made, bought and stocked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from planning_service.domain.errors import FieldError, Invalid, UnitMismatch
from planning_service.domain.exact import LIMIT_MICRO, MICRO, SCALE_DIGITS, decimal_places
from planning_service.domain.units import ItemUnit, UnitCatalogue

MAX_CODE_LENGTH = 64
MAX_NAME_LENGTH = 200
MAX_LEAD_TIME_DAYS = 3650
MAX_QUANTITY = Decimal(LIMIT_MICRO // MICRO)

_CODE = re.compile(r"[^\s/?#%\x00-\x1f]+")


class Supply(StrEnum):
    """How an item comes to be: made here, bought, or a phantom that is exploded through."""

    MAKE = "make"
    BUY = "buy"
    PHANTOM = "phantom"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the item master; every quantity of the item is in `unit` unless a unit stands beside it."""

    code: str
    name: str
    unit: str
    supply: Supply
    whole_units: bool = False
    safety_stock: Decimal = Decimal(0)
    lead_time_days: int = 0
    aliases: tuple[str, ...] = ()
    units: tuple[ItemUnit, ...] = ()
    active: bool = True
    stock_first: bool = False
    """A phantom with stock of its own uses that before it is exploded through (X20)."""

    def factor(self, unit: str | None, catalogue: UnitCatalogue) -> Fraction:
        """Return how many stock units one `unit` is; raises UnitMismatch when nothing leads there."""
        if not unit or unit == self.unit:
            return Fraction(1)
        factor = catalogue.factor(unit, self.unit, self.units)
        if factor is None:
            raise UnitMismatch(item=self.code, unit=unit, stock_unit=self.unit)
        return factor


def check_code(field: str, code: str) -> list[FieldError]:
    """Return what is wrong with a code that will stand in URLs and on labels."""
    if not code:
        return [FieldError(field, "REQUIRED")]
    if len(code) > MAX_CODE_LENGTH:
        return [FieldError(field, "TOO_LONG", {"max": MAX_CODE_LENGTH})]
    return [] if _CODE.fullmatch(code) else [FieldError(field, "INVALID_CODE", {"code": code})]


def check_quantity(
    field: str, value: Decimal, *, least: Decimal = Decimal(0), strict: bool = False
) -> list[FieldError]:
    """Return what is wrong with a quantity: not finite, below the least, more digits than NUMERIC(18,6)."""
    if not value.is_finite():
        return [FieldError(field, "NOT_A_NUMBER")]
    if value < least or (strict and value == least):
        return [FieldError(field, "TOO_SMALL", {"value": str(value), "least": str(least)})]
    if value >= MAX_QUANTITY:
        return [FieldError(field, "TOO_LARGE", {"value": str(value)})]
    if decimal_places(value) > SCALE_DIGITS:
        return [FieldError(field, "TOO_MANY_DECIMALS", {"decimals": SCALE_DIGITS})]
    return []


def check_item(item: Item, catalogue: UnitCatalogue) -> None:
    """Raise Invalid with everything that is wrong with the item."""
    errors = check_code("code", item.code)
    if not item.name.strip():
        errors.append(FieldError("name", "REQUIRED"))
    if len(item.name) > MAX_NAME_LENGTH:
        errors.append(FieldError("name", "TOO_LONG", {"max": MAX_NAME_LENGTH}))
    errors += _check_unit("unit", item.unit, catalogue)
    errors += check_quantity("safety_stock", item.safety_stock)
    if not 0 <= item.lead_time_days <= MAX_LEAD_TIME_DAYS:
        errors.append(FieldError("lead_time_days", "OUT_OF_RANGE", {"max": MAX_LEAD_TIME_DAYS}))
    errors += _check_aliases(item)
    errors += _check_units(item, catalogue)
    if errors:
        raise Invalid(errors)


def _check_unit(field: str, unit: str, catalogue: UnitCatalogue) -> list[FieldError]:
    if not unit:
        return [FieldError(field, "REQUIRED")]
    return [] if unit in catalogue else [FieldError(field, "UNIT_UNKNOWN", {"unit": unit})]


def _check_aliases(item: Item) -> list[FieldError]:
    errors: list[FieldError] = []
    seen = {item.code}
    for index, alias in enumerate(item.aliases):
        errors += check_code(f"aliases.{index}", alias)
        if alias in seen:
            errors.append(FieldError(f"aliases.{index}", "DUPLICATE", {"alias": alias}))
        seen.add(alias)
    return errors


def _check_units(item: Item, catalogue: UnitCatalogue) -> list[FieldError]:
    errors: list[FieldError] = []
    seen = {item.unit}
    for index, entry in enumerate(item.units):
        field = f"units.{index}"
        errors += _check_unit(f"{field}.unit", entry.unit, catalogue)
        errors += check_quantity(f"{field}.factor", entry.factor, strict=True)
        if entry.unit in seen:
            errors.append(FieldError(f"{field}.unit", "DUPLICATE", {"unit": entry.unit}))
        seen.add(entry.unit)
    return errors
