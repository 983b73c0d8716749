"""The order service's copy of an item: enough to check a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from order_service.domain.quantity import is_exact, plain, problem_of, read_decimal


@dataclass(frozen=True, slots=True)
class Item:
    """An item as planning last told it; `units` maps a unit to the stock units one of it makes."""

    code: str
    name: str
    unit: str
    whole_units: bool = False
    active: bool = True
    version: int = 0
    aliases: tuple[str, ...] = ()
    units: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """A quantity in stock units, with what was typed beside it."""

    quantity: Decimal
    entered: Decimal
    entered_unit: str


Problem = tuple[str, str, dict[str, str]]  # field, reason, params


def measure(item: Item, quantity: str, unit: str) -> Measured | Problem:
    """Convert an entered quantity to the item's stock unit, exactly; or say what is wrong with it."""
    entered = read_decimal(quantity)
    wrong = problem_of(entered)
    if wrong or entered is None:
        return ("quantity", *(wrong or ("QUANTITY_INVALID", {})))
    factor = Decimal(1) if unit in ("", item.unit) else item.units.get(unit)
    if factor is None:
        return "unit", "UNIT_UNKNOWN", {"unit": unit, "item_code": item.code}
    stock = entered * factor
    wrong = problem_of(stock)
    if wrong:
        return ("quantity", *wrong)
    if item.whole_units and stock != stock.to_integral_value():
        return "quantity", "QUANTITY_NOT_WHOLE", {"quantity": plain(stock), "unit": item.unit, "item_code": item.code}
    return Measured(stock, entered, unit or item.unit)


def price_problem(text: str) -> bool:
    """True when a unit price can't be accepted; zero is fine (X53)."""
    price = read_decimal(text)
    return price is None or price < 0 or price > Decimal(10) ** 9 or not is_exact(price)
