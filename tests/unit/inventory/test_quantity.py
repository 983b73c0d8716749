"""Quantities: read whatever was typed, write what people read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_service.domain.quantity import BadQuantity, plain, read, share


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5.000000", "5"),
        ("0.500000", "0.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("0E-6", "0"),
        ("-0.0", "0"),
        ("-2.50", "-2.5"),
    ],
)
def test_numbers_leave_without_trailing_zeros_or_exponent(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(st.text(max_size=60))
def test_any_text_is_a_quantity_or_a_named_refusal(text: str) -> None:
    try:
        value = read(text)
    except BadQuantity as error:
        assert error.reason.startswith("QUANTITY_")  # noqa: PT017  either way is right
    else:
        assert abs(value) < 10**9
        assert value == value.quantize(Decimal("0.000001"))


@given(st.decimals(min_value=Decimal(-999999999), max_value=Decimal(999999999), places=6))
def test_what_is_written_reads_back_the_same(value: Decimal) -> None:
    assert read(plain(value)) == value


@pytest.mark.parametrize(
    ("total", "part", "whole", "whole_units", "result"),
    [
        ("30", "4", "10", True, "12"),
        ("3", "1", "2", True, "2"),  # 1.5 bolts are two
        ("3", "1", "2", False, "1.5"),
        ("1", "1", "3", False, "0.333333"),
        ("2", "3", "3", True, "2"),
        ("2", "9", "3", True, "2"),  # never more than all of it
        ("1", "999", "1000", True, "1"),
    ],
)
def test_a_share_of_the_components(total: str, part: str, whole: str, whole_units: bool, result: str) -> None:
    assert share(Decimal(total), Decimal(part), Decimal(whole), whole_units=whole_units) == Decimal(result)
