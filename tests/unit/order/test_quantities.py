"""Quantities as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from order_service.domain.item import Item, Measured, measure
from order_service.domain.quantity import plain, read_decimal

MOTOR = Item("A", "A电机", "台", whole_units=True, units={"箱": Decimal(4), "半箱": Decimal("2.5")})
WIRE = Item("C", "铜线", "m", units={"cm": Decimal("0.01"), "卷": Decimal(100)})


@pytest.mark.parametrize(
    ("value", "text"),
    [("5.000000", "5"), ("0", "0"), ("1E+3", "1000"), ("0.000001", "0.000001"), ("-2.50", "-2.5"), ("0.000", "0")],
)
def test_decimals_leave_plainly(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize(
    "text", ["", "NaN", "Infinity", "-Infinity", "1e400", "1_000", "二", "1,5", "9" * 41, "0x1f", "\x00"]
)
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert read_decimal(text) is None


@pytest.mark.parametrize(
    ("item", "quantity", "unit", "reason"),
    [
        (MOTOR, "0", "", "QUANTITY_NOT_POSITIVE"),
        (MOTOR, "-1", "", "QUANTITY_NOT_POSITIVE"),
        (MOTOR, "1.5", "", "QUANTITY_NOT_WHOLE"),
        (MOTOR, "1", "半箱", "QUANTITY_NOT_WHOLE"),
        (MOTOR, "1234567890123456789", "", "QUANTITY_TOO_LARGE"),
        (MOTOR, "300000000", "箱", "QUANTITY_TOO_LARGE"),
        (MOTOR, "abc", "", "QUANTITY_INVALID"),
        (WIRE, "0.0000001", "", "QUANTITY_TOO_PRECISE"),
        (WIRE, "0.00001", "cm", "QUANTITY_TOO_PRECISE"),
        (WIRE, "1", "箱", "UNIT_UNKNOWN"),
    ],
)
def test_a_quantity_that_can_not_be_accepted_says_why(item: Item, quantity: str, unit: str, reason: str) -> None:
    found = measure(item, quantity, unit)

    assert not isinstance(found, Measured)
    assert found[1] == reason


@pytest.mark.parametrize(
    ("item", "quantity", "unit", "stock"),
    [(MOTOR, "3", "箱", "12"), (MOTOR, "2", "半箱", "5"), (WIRE, "0.1", "卷", "10"), (WIRE, "250", "cm", "2.5")],
)
def test_an_entered_unit_is_converted_exactly(item: Item, quantity: str, unit: str, stock: str) -> None:
    assert measure(item, quantity, unit) == Measured(Decimal(stock), Decimal(quantity), unit)
