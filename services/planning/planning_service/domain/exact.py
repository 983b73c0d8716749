"""Exact arithmetic: quantities are Decimal outside and integers of 10^-6 ("micro") inside an explosion."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache

from planning_service.domain.errors import QuantityNotRepresentable

MICRO = 1_000_000
SCALE_DIGITS = 6
LIMIT_MICRO = 10**18
"""One more than NUMERIC(18,6) holds, in micro."""

ZERO = Decimal(0)
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def to_micro(quantity: Decimal) -> int:
    """Return the quantity in micro; refuses what NUMERIC(18,6) can't hold rather than rounding it."""
    if not quantity.is_finite() or quantity.adjusted() >= 18 - SCALE_DIGITS:
        raise QuantityNotRepresentable(quantity=str(quantity))
    micro = int(quantity.scaleb(SCALE_DIGITS, _WIDE))
    if Decimal(micro).scaleb(-SCALE_DIGITS, _WIDE) != quantity:
        raise QuantityNotRepresentable(quantity=str(quantity))
    return micro


def decimal_places(quantity: Decimal) -> int:
    """Return how many decimals the number needs, trailing zeros not counted."""
    digits, exponent = quantity.as_tuple().digits, quantity.as_tuple().exponent
    assert isinstance(exponent, int), "only finite numbers have decimals"
    if not any(digits):
        return 0
    zeros = next(count for count, digit in enumerate(reversed(digits)) if digit)
    return max(0, -exponent - zeros)


def from_micro(micro: int) -> Decimal:
    """Return the Decimal of a micro quantity, without trailing zeros."""
    if not micro:
        return ZERO
    if not -LIMIT_MICRO < micro < LIMIT_MICRO:
        raise QuantityNotRepresentable(quantity=f"{micro}e-6")
    whole, rest = divmod(micro, MICRO)
    return Decimal(whole) if not rest else Decimal(micro).scaleb(-SCALE_DIGITS, _WIDE).normalize(_WIDE)


def trimmed(quantity: Decimal) -> Decimal:
    """Return the same number without trailing zeros and without an exponent."""
    if quantity == quantity.to_integral_value():
        return quantity.quantize(Decimal(1), context=_WIDE)
    return quantity.normalize(_WIDE)


@lru_cache(maxsize=8_000)
def plain(quantity: Decimal) -> str:
    """Return the number as people write it: `5`, `0.35`, never `5.000000` or `1E+2`. A plan says few numbers often."""
    if not quantity:
        return "0"
    text = str(quantity)
    if "E" in text:
        text = format(quantity, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def ceil_to_step(numerator: int, denominator: int, step: int) -> int:
    """Return the smallest multiple of `step` that is not below numerator/denominator."""
    return -(-numerator // (denominator * step)) * step


def is_whole(quantity: Decimal) -> bool:
    """Say whether the quantity has no fraction."""
    return quantity == quantity.to_integral_value()


def rounded_up(value: Fraction) -> Decimal:
    """Return the fraction rounded up to six decimals: the one rounding of a requirement that is shown."""
    return from_micro(-(-value.numerator * MICRO // value.denominator))
