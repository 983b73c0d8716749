"""Ranks of sorted runs equal those of the values laid together; goods leave in the order in which they came."""

from __future__ import annotations

import statistics
from array import array
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_service.adapters.lead_time_runs import Entry, KeptRun, changed, packed, unpacked
from order_service.adapters.lead_time_views import Period, counted_days, cut_starts, within
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


def kept(entries: list[Entry]) -> KeptRun:
    """Return the run of entries."""
    laid = sorted(entries)
    return KeptRun(array("i", [seconds for seconds, _ in laid]), bytearray(day for _, day in laid))


@given(st.lists(st.integers(0, 2**31 - 1)))
def test_a_run_is_stored_without_loss(values: list[int]) -> None:
    assert list(unpacked(packed(sorted(values)))) == sorted(values)


entries = st.tuples(st.integers(0, 9), st.integers(0, 3))  # few of each: the same seconds on several days and on one


@given(st.lists(entries), st.lists(entries))
def test_a_run_changes_entry_by_entry_to_the_one_laid_anew(before: list[Entry], more: list[Entry]) -> None:
    grown = changed(kept(before), {entry: more.count(entry) for entry in more})
    assert grown == kept(before + more)
    assert changed(grown, {entry: -more.count(entry) for entry in more}) == kept(before)


@pytest.mark.parametrize("entry", [(2, 0), (3, 1), (4, 0)])
def test_an_entry_that_was_never_put_in_cannot_be_taken_out(entry: Entry) -> None:
    with pytest.raises(ValueError, match="rebuild"):
        changed(kept([(1, 0), (3, 0), (3, 2)]), {entry: -1})


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 120), st.sampled_from(["week", "month"]))
def test_a_week_or_month_is_cut_when_days_on_both_sides_of_an_edge_are_its_own(
    first: date, days: int, kind: str
) -> None:
    period = Period(first, first + timedelta(days=days))

    def starts(day: date) -> date:
        return day - timedelta(days=day.weekday()) if kind == "week" else day.replace(day=1)

    parted = {starts(edge) for edge in (first, period.last + timedelta(days=1)) if starts(edge) != edge}
    assert cut_starts(period, kind) == sorted(parted)


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 30)), max_size=30), st.integers(-40, 40), st.integers(0, 60)
)
def test_only_what_fell_on_days_of_the_period_is_counted(found: list[Entry], first: int, days: int) -> None:
    starts = date(2026, 3, 1)
    period = Period(starts + timedelta(days=first), starts + timedelta(days=first + days))
    run = kept(found)

    expected = [seconds for seconds, day in sorted(found) if first <= day <= first + days]
    assert list(within(run.seconds, bytes(run.days), counted_days(starts, period))) == expected


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
