"""Customers as typed."""

from __future__ import annotations

import pytest

from order_service.adapters.phones import normalise
from order_service.adapters.pinyin import initials
from order_service.domain.customer import CustomerEntry, check_customer
from order_service.domain.errors import Invalid


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 138 0013 8000",
        "0086 13800138000",
        "１３８００１３８０００",
    ],
)
def test_one_phone_has_one_form(typed: str) -> None:
    assert normalise(typed) == "+8613800138000"


@pytest.mark.parametrize("typed", ["", "12", "call me", "9" * 30, "\x00"])
def test_what_is_no_phone_is_not_taken_for_one(typed: str) -> None:
    assert normalise(typed) is None


def test_a_name_is_found_by_its_initials() -> None:
    assert initials("启明机电 Co") == "qmjdco"


def test_every_problem_of_a_customer_comes_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        check_customer(CustomerEntry(" ", "", "", [("王", "x"), ("", "")]), normalise)

    assert [(problem.field, problem.reason) for problem in refusal.value.fields] == [
        ("name", "REQUIRED"), ("contacts.0.phone", "PHONE_INVALID"), ("contacts.1", "REQUIRED"),
    ]  # fmt: skip
