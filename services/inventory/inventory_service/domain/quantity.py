"""Quantities: exact decimals of at most six places below a billion, as NUMERIC(18,6) keeps them."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

LIMIT = Decimal(1_000_000_000)
MICRO = Decimal("0.000001")
MAX_TEXT = 40
ZERO = Decimal(0)


class BadQuantity(Exception):
    """A text that is no quantity; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def read(text: str) -> Decimal:
    """Return the quantity a text says; raise BadQuantity (never anything else, whatever the text)."""
    return representable(spoken(text))


def spoken(text: str) -> Decimal:
    """Return the finite number a text says, before any conversion; raise BadQuantity."""
    if len(text) > MAX_TEXT:
        raise BadQuantity("QUANTITY_TOO_LARGE")
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise BadQuantity("QUANTITY_INVALID") from None
    if not value.is_finite():
        raise BadQuantity("QUANTITY_INVALID")
    return value


def representable(value: Decimal) -> Decimal:
    """Return the value when NUMERIC(18,6) can hold it; raise BadQuantity."""
    if value.adjusted() > 9 or abs(value) >= LIMIT:
        raise BadQuantity("QUANTITY_TOO_LARGE")
    if value and (value.adjusted() < -6 or value != value.quantize(MICRO)):
        raise BadQuantity("QUANTITY_TOO_FINE")
    return value


@lru_cache(maxsize=8_000)
def plain(value: Decimal) -> str:
    """Return the value without trailing zeros or exponent (contract 4). Holdings say few numbers often."""
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_whole(value: Decimal) -> bool:
    """True when the value counts whole pieces."""
    return value == value.to_integral_value()


def share(total: Decimal, part: Decimal, whole: Decimal, *, whole_units: bool) -> Decimal:
    """Return `total` x `part` / `whole`: six places half up, whole pieces rounded up, never above `total`."""
    if part >= whole:
        return total
    exact = total * part / whole
    rounded = exact.to_integral_value(ROUND_CEILING) if whole_units else exact.quantize(MICRO, ROUND_HALF_UP)
    return min(total, rounded)
