"""Exact quantities: read strictly, written plainly, converted without loss."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

LIMIT = Decimal(10) ** 9
PLACES = 6
TEXT_LIMIT = 40
ZERO = Decimal(0)


def plain(value: Decimal) -> str:
    """Return the decimal without trailing zeros or exponent (contract 4)."""
    return format(value.normalize(), "f") if value else "0"


def read_decimal(text: str) -> Decimal | None:
    """Return the number a text says; None when it says none (NaN, infinity and absurd exponents included)."""
    if not text or len(text) > TEXT_LIMIT or not text.isascii() or "_" in text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) <= TEXT_LIMIT else None


def is_exact(value: Decimal) -> bool:
    """True when six decimal places hold the value."""
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -PLACES


def problem_of(value: Decimal | None) -> tuple[str, dict[str, str]] | None:
    """Return the reason an entered quantity can't be accepted, with its numbers; None when it can."""
    if value is None:
        return "QUANTITY_INVALID", {}
    if value <= 0:
        return "QUANTITY_NOT_POSITIVE", {"quantity": plain(value)}
    if value > LIMIT:
        return "QUANTITY_TOO_LARGE", {"limit": plain(LIMIT)}
    if not is_exact(value):
        return "QUANTITY_TOO_PRECISE", {"places": str(PLACES)}
    return None
