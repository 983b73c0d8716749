"""What each invoice task asks for, and which shipments answer for what came back."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from order_service.domain.invoicing import WHOLE, Part, Returned, Share, due_of, share_returns, untold_shipments

TASK = UUID(int=1)
amounts = st.integers(min_value=0, max_value=20).map(Decimal)


def part(shipment: str, kept: int, *, task: bool = True, invoiced: int = 0) -> Part:
    return Part(shipment, 1, Decimal(kept), TASK if task else None, Decimal(invoiced))


def test_what_came_back_is_taken_from_the_newest_shipment_first() -> None:
    shares = share_returns([Returned("RT1", 1, Decimal(7))], [part("SH1", 4), part("SH2", 6)])

    assert shares == [Share("RT1", 1, "SH2", Decimal(6)), Share("RT1", 1, "SH1", Decimal(1))]


def test_another_line_answers_for_nothing() -> None:
    assert share_returns([Returned("RT1", 2, Decimal(1))], [part("SH1", 4)]) == []


@given(st.lists(amounts, max_size=5), st.lists(amounts, max_size=5))
def test_shares_never_exceed_a_shipment_nor_a_return_and_leave_no_room_unused(
    kept: list[Decimal], back: list[Decimal]
) -> None:
    parts = [Part(f"SH{n}", 1, quantity) for n, quantity in enumerate(kept)]
    shares = share_returns([Returned(f"RT{n}", 1, quantity) for n, quantity in enumerate(back)], parts)

    for one in parts:
        assert sum(x.quantity for x in shares if x.shipment == one.shipment) <= one.kept
    for n, quantity in enumerate(back):
        assert sum(x.quantity for x in shares if x.number == f"RT{n}") <= quantity
    assert sum(x.quantity for x in shares) == min(sum(kept), sum(back))


@given(st.lists(st.tuples(amounts, amounts, st.booleans()), max_size=5))
def test_the_tasks_together_ask_for_what_is_to_be_invoiced(facts: list[tuple[Decimal, Decimal, bool]]) -> None:
    parts = [
        Part(f"SH{n}", 1, kept, TASK if has_task else None, invoiced if has_task else Decimal(0))
        for n, (kept, invoiced, has_task) in enumerate(facts)
    ]
    open_sum = sum((x.kept for x in parts), Decimal(0)) - sum((x.invoiced for x in parts), Decimal(0))
    asked = sum((due_of(x.shipment, {}, parts).get(1, Decimal(0)) for x in parts if x.task_id), Decimal(0))

    assert asked + due_of(WHOLE, {1: open_sum}, parts).get(1, Decimal(0)) == open_sum


def test_a_shipment_all_of_which_came_back_needs_no_task() -> None:
    assert untold_shipments([part("SH1", 0, task=False), part("SH2", 1, task=False), part("SH3", 1)]) == ["SH2"]
