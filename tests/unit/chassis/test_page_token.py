"""A page token leads back to its own list only; anything else is refused, never taken for the first page."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import page_token
from chassis.page_token import LARGEST, BadPageToken

ONE = UUID("019ab3c4-7d10-7c11-9a55-7a1d3c5e0001")
PRINTABLE = st.text().filter(str.isprintable)


@given(PRINTABLE, st.integers(-LARGEST, LARGEST), st.dates())
def test_a_token_says_where_the_next_page_begins(code: str, number: int, day: date) -> None:
    token = page_token.write("stock", code, number, day, ONE)

    readers = (page_token.text, page_token.number, date.fromisoformat, UUID)
    assert page_token.read("stock", token, *readers, first=()) == (code, number, day, ONE)
    assert "=" not in token


def test_no_token_means_the_first_page() -> None:
    assert page_token.read("stock", "", page_token.text, first=("A",)) == ("A",)


@given(st.text(min_size=1) | st.binary(min_size=1).map(bytes.hex))
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(BadPageToken) as refused:
        page_token.read("stock", garbage, page_token.text, first=("",))

    assert [(problem.field, problem.reason) for problem in refused.value.fields] == [
        ("page_token", "PAGE_TOKEN_INVALID")
    ]


@pytest.mark.parametrize(
    "spoilt", [lambda t: t[:-1], lambda t: t + "A", lambda t: "B" + t[1:], lambda t: t + "!", str.lower]
)
def test_a_token_changed_on_its_way_is_refused(spoilt: Any) -> None:
    token = page_token.write("stock", "CABLE-1")

    with pytest.raises(BadPageToken):
        page_token.read("stock", spoilt(token), page_token.text, first=("",))


@pytest.mark.parametrize(
    ("place", "readers"),
    [
        (("A", "B"), (page_token.text,)),
        (("A",), (page_token.text, page_token.text)),
        (("A\x00",), (page_token.text,)),
        (("9" * 19,), (page_token.number,)),
        (("9" * 5000,), (page_token.number,)),
        (("many",), (page_token.number,)),
        (("",), (UUID,)),
        (("tomorrow",), (date.fromisoformat,)),
    ],
)
def test_a_token_made_up_with_a_right_checksum_is_still_read_with_care(place: Any, readers: Any) -> None:
    with pytest.raises(BadPageToken):
        page_token.read("stock", page_token.write("stock", *place), *readers, first=())


def test_the_token_of_another_list_is_refused() -> None:
    with pytest.raises(BadPageToken):
        page_token.read("ledger", page_token.write("stock", "A"), page_token.text, first=("",))
