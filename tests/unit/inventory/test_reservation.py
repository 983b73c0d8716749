"""Reservation lines keep 0 <= issued <= got <= need, whatever happens to them."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from inventory_service.domain.reservation import Line, LineKey, urgency_rank

KEY = LineKey("PO1", "SO1", 1, "X")
amounts = st.integers(0, 50).map(Decimal)


def line(need: int, got: int = 0, issued: int = 0) -> Line:
    return Line(KEY, "件", Decimal(need), Decimal(got), Decimal(issued))


def test_held_goods_are_consumed_before_free_ones() -> None:
    after, taken = line(need=5, got=3).consuming(Decimal(4), free=Decimal(9))

    assert (taken, after.issued, after.got, after.held) == (4, 4, 4, 0)


def test_no_more_is_consumed_than_there_is() -> None:
    after, taken = line(need=9, got=3).consuming(Decimal(9), free=Decimal(2))

    assert (taken, after.issued, after.hungry) == (5, 5, 4)


def test_a_smaller_need_gives_back_but_never_what_was_consumed() -> None:
    assert line(need=9, got=6, issued=4).needing(Decimal(5)) == line(need=5, got=5, issued=4)
    assert line(need=9, got=6, issued=4).needing(Decimal(1)) == line(need=4, got=4, issued=4)


def test_made_goods_extend_the_need_of_their_order_line() -> None:
    """Three come from stock, two are there; seven are made: ten in all, one still waits."""
    assert line(need=3, got=2).receiving(Decimal(7), limit=Decimal(10)) == line(need=10, got=9)


def test_a_closed_line_holds_nothing_and_is_not_hungry() -> None:
    closed = line(need=9, got=6, issued=4).closed()

    assert (closed.held, closed.hungry, closed.issued) == (0, 0, 4)


def test_goods_brought_back_are_held_again_while_the_line_is_open() -> None:
    assert line(need=5, got=5, issued=5).given_back(Decimal(2)).held == 2
    assert line(need=5, got=5, issued=5).closed().given_back(Decimal(2)).held == 0


@given(
    st.integers(0, 20), st.integers(0, 20), st.integers(0, 20),
    st.lists(st.tuples(st.sampled_from(["need", "consume", "receive", "close", "back"]), amounts, amounts), max_size=12),
)  # fmt: skip
def test_the_chain_holds_whatever_happens(
    need: int, got: int, issued: int, steps: list[tuple[str, Decimal, Decimal]]
) -> None:
    one = line(max(need, got, issued), max(got, issued), issued)
    for step, amount, other in steps:
        if step == "need":
            one = one.needing(amount)
        elif step == "consume":
            one, _ = one.consuming(amount, other)
        elif step == "receive":
            one = one.receiving(amount, other)
        elif step == "back":
            one = one.given_back(min(amount, one.issued))
        else:
            one = one.closed()
        assert 0 <= one.issued <= one.got <= one.need


def test_urgencies_rank_red_first_and_unknown_last() -> None:
    assert [urgency_rank(word) for word in ("red", "yellow", "green", "purple", "")] == [0, 1, 2, 2, 2]
