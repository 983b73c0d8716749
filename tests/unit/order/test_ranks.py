"""Ranks of sorted runs equal those of the values laid together; goods leave in the order in which they came."""

from __future__ import annotations

import statistics
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_service.adapters.lead_time_runs import changed, packed, unpacked
from order_service.adapters.lead_time_views import Period, whole_part
from order_service.domain import ranks
from order_service.domain.ranks import neighbours, summary
from order_service.domain.stages import Span
from order_service.domain.turnover import Movement, turnover

runs = st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=12).map(sorted), min_size=1, max_size=6)
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


@given(runs, st.data())
def test_searched_ranks_are_those_of_the_sorted_values(found: list[list[int]], data: st.DataObject) -> None:
    laid = sorted(value for run in found for value in run)
    rank = data.draw(st.integers(0, len(laid) - 1))
    expected = (laid[rank], laid[min(rank + 1, len(laid) - 1)])

    assert ranks._searched(found, rank, len(laid), data.draw(st.sampled_from([1, 4, ranks.FEW]))) == expected
    assert neighbours(found, [rank]) == [expected]


@given(st.lists(st.integers(0, 10**6).map(lambda n: n * 3600), min_size=2, max_size=40))
def test_mean_median_and_p90_are_the_textbooks(seconds: list[int]) -> None:
    found = summary([sorted(seconds[::2]), sorted(seconds[1::2])], sum(seconds))

    hours = [second // 3600 for second in seconds]
    assert found.n == len(hours)
    assert found.mean is not None
    assert abs(found.mean - Decimal(sum(hours)) / len(hours)) <= Decimal("0.00005")
    assert found.median == Decimal(str(statistics.median(hours)))
    assert found.p90 == Decimal(str(statistics.quantiles(hours, n=10, method="inclusive")[8]))


def test_nothing_measured_has_no_hours() -> None:
    assert (summary([], 0).n, summary([], 0).mean) == (0, None)


@given(st.lists(st.integers(0, 2**31 - 1)), st.lists(st.integers(0, 9)))
def test_a_run_is_stored_and_changed_without_loss(values: list[int], more: list[int]) -> None:
    run = sorted(values)
    assert list(unpacked(packed(run))) == run
    grown = changed(run, {value: more.count(value) for value in more})
    assert grown == sorted(values + more)
    assert changed(grown, {value: -more.count(value) for value in more}) == run


def test_a_value_that_was_never_put_in_cannot_be_taken_out() -> None:
    with pytest.raises(ValueError, match="rebuild"):
        changed([1, 3], {2: -1})


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 120), st.sampled_from(["week", "month"]))
def test_the_whole_part_is_every_week_or_month_within_the_period(first: date, days: int, kind: str) -> None:
    period = Period(first, first + timedelta(days=days))
    begin, end = whole_part(period, kind)
    starts = [first + timedelta(days=n) for n in range(days + 1)]
    starts = [day for day in starts if (day.weekday() == 0 if kind == "week" else day.day == 1)]
    lengths = {day: 7 if kind == "week" else ((day + timedelta(days=32)).replace(day=1) - day).days for day in starts}
    whole = [day for day in starts if day + timedelta(days=lengths[day] - 1) <= period.last]

    assert [day for day in starts if begin <= day <= end] == whole
    assert not whole or (begin, end) == (whole[0], whole[-1])


def test_goods_lie_from_their_own_receipt_to_their_own_shipment() -> None:
    def moved(day: int, quantity: int, line: int = 1) -> Movement:
        return Movement(line, MONDAY + timedelta(days=day), Decimal(quantity))

    found = turnover([moved(0, 60), moved(2, 40)], [moved(1, 30), moved(3, 70), moved(3, 5, line=2)])

    assert found == (
        Span(MONDAY, MONDAY + timedelta(days=1), Decimal(30)),
        Span(MONDAY, MONDAY + timedelta(days=3), Decimal(30)),
        Span(MONDAY + timedelta(days=2), MONDAY + timedelta(days=3), Decimal(40)),
    )


def test_what_left_before_it_came_lay_for_no_time() -> None:
    found = turnover([Movement(1, MONDAY, Decimal(1))], [Movement(1, MONDAY - timedelta(days=1), Decimal(1))])

    assert [span.end - span.begin for span in found] == [timedelta(0)]
