"""Reading what was typed: all problems at once, exact conversions, nothing raised alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_service.domain.document import document_number
from inventory_service.domain.entry import Entry, findable
from inventory_service.domain.errors import Invalid
from inventory_service.domain.item import Item

WIRE = Item("W", "铜线", "m", units={"卷": Decimal("0.3"), "箱": Decimal("1234.567891")})
BOLT = Item("X", "螺栓", "件", whole_units=True, units={"箱": Decimal(12)})


def problems(entry: Entry) -> dict[str, str]:
    return {problem.field: problem.reason for problem in entry.problems}


def test_every_problem_is_named_at_once() -> None:
    entry = Entry()

    entry.quantity("lines[0].quantity", "x", WIRE)
    entry.quantity("lines[1].quantity", "1", WIRE, "桶")
    entry.words("reason", "a" * 501)

    with pytest.raises(Invalid) as caught:
        entry.done()
    assert {problem.field: problem.reason for problem in caught.value.fields} == {
        "lines[0].quantity": "QUANTITY_INVALID", "lines[1].unit": "UNIT_UNKNOWN", "reason": "TEXT_TOO_LONG",
    }  # fmt: skip


def test_conversions_are_exact() -> None:
    entry = Entry()

    assert entry.quantity("q", "0.1", WIRE, "卷") == Decimal("0.03")
    assert entry.quantity("q", "3", WIRE, "卷") == Decimal("0.9")
    assert entry.quantity("q", "0.5", BOLT, "箱") == 6
    assert problems(entry) == {}
    entry.quantity("q", "0.0000001", WIRE, "箱")
    entry.quantity("r", "0.1", BOLT, "箱")
    assert problems(entry) == {"q": "QUANTITY_TOO_FINE", "r": "QUANTITY_NOT_WHOLE"}


@given(st.text(max_size=50), st.text(max_size=5), st.sampled_from(["+", "0", "±"]))
def test_nothing_typed_breaks_the_reading(text: str, unit: str, sign: str) -> None:
    entry = Entry()

    value = entry.quantity("lines[0].quantity", text, WIRE, unit, sign=sign)

    assert entry.problems or value.is_finite()


def test_names_with_control_characters_are_not_looked_up() -> None:
    assert [findable(name) for name in ("SO1", "马达", "", "a\x00", "a" * 101, "a\n")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_numbers_people_see() -> None:
    assert document_number("SH", date(2026, 11, 22), 7) == "SH20261122-0007"
    assert document_number("SH", date(2026, 11, 22), 123456) == "SH20261122-123456"
