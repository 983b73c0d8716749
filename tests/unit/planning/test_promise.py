"""Promise, priority, shelf of compiled structures, exact numbers."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from planning_service.domain.errors import QuantityNotRepresentable
from planning_service.domain.exact import from_micro, plain, to_micro
from planning_service.domain.item import Supply
from planning_service.domain.plan import DemandLine, plan_order
from planning_service.domain.priority import Priority, Urgency
from planning_service.domain.promise import promise_order
from planning_service.domain.structure_shelf import StructureShelf
from tests.unit.planning.builders import DAY, NOW, catalogue, d, item, line, version

TODAY = date(2026, 11, 22)


def factory(lead: int = 0):
    return catalogue(
        [item("A", "make", "台"), item("S", "make", "个"), item("C", lead_time_days=lead)],
        A=version(line("S", 1)),
        S=version(line("C", 1)),
    )


def promise(cat, quantity=10, **stock):
    plan = plan_order([DemandLine(1, "A", d(quantity), DAY)], cat, {k: d(v) for k, v in stock.items()})
    (line_promise,) = promise_order(plan, cat, TODAY)
    return line_promise


def test_from_stock_is_promised_today() -> None:
    found = promise(factory(), A=10)

    assert (found.from_stock, found.to_make, found.producible_by) == (10, 0, TODAY)


def test_making_takes_the_shifts_of_every_level() -> None:
    # 10 x 48 minutes = one shift for S, then one for A
    assert promise(factory(), C=10).producible_by == TODAY + timedelta(days=2)


def test_what_would_take_ten_thousand_years_is_promised_for_no_day() -> None:
    found = promise(factory(), quantity=2**31, C=2**31)

    assert (found.producible_by, found.reason) == (None, "LEAD_TIME_UNKNOWN")


def test_a_purchase_adds_its_lead_time() -> None:
    found = promise(factory(lead=7), C=9)

    assert found.producible_by == TODAY + timedelta(days=9)
    assert [(s.item_code, s.short) for s in found.shortages] == [("C", d(1))]


def test_without_a_lead_time_there_is_no_date_and_a_reason() -> None:
    found = promise(factory(), C=9)

    assert (found.producible_by, found.reason) == (None, "LEAD_TIME_UNKNOWN")


def test_rank_then_urgency_then_due_then_first_come() -> None:
    def of(rank=None, urgency="green", due=0, asked=0):
        return Priority.of(
            planner_rank=rank,
            urgency=Urgency(urgency),
            due_date=DAY + timedelta(days=due),
            asked_at=NOW + timedelta(seconds=asked),
        )

    expected = [of(1, due=9), of(2), of(urgency="red", due=5), of(urgency="yellow"), of(), of(asked=1), of(due=1)]
    shuffled = expected[:]
    random.Random(3).shuffle(shuffled)

    assert sorted(shuffled) == expected
    assert sorted(shuffled, key=Priority.sort_key) == expected


def test_the_shelf_compiles_once_per_steady_span() -> None:
    cat = catalogue([item("A", "make"), item("C")], A=[version(line("C")), version(line("C", 2), start=DAY)])
    shelf = StructureShelf().at(1)

    before = shelf.get(cat, "A", DAY - timedelta(days=30), Supply.MAKE)
    same = shelf.get(cat, "A", DAY - timedelta(days=1), Supply.MAKE)
    after = shelf.get(cat, "A", DAY, Supply.MAKE)
    renewed = shelf.at(2).get(cat, "A", DAY, Supply.MAKE)

    assert before is same
    assert after is not before
    assert renewed is not after


def test_the_shelf_drops_what_is_least_used() -> None:
    items = [replace(item(f"M{n}", "make")) for n in range(3)] + [item("C")]
    cat = catalogue(items, **{f"M{n}": version(line("C")) for n in range(3)})
    shelf = StructureShelf(max_nodes=4)
    first = shelf.get(cat, "M0", DAY, Supply.MAKE)
    shelf.get(cat, "M1", DAY, Supply.MAKE)
    shelf.get(cat, "M2", DAY, Supply.MAKE)

    assert shelf.get(cat, "M0", DAY, Supply.MAKE) is not first


@pytest.mark.parametrize(
    ("number", "text"),
    [("5.000000", "5"), ("0.350", "0.35"), ("1E+2", "100"), ("0", "0"), ("0E-6", "0"), ("-0.5", "-0.5")],
)
def test_numbers_are_written_plainly(number, text) -> None:
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize(
    "bad", ["0.0000001", "1000000000000", "NaN", "Infinity", "1e400", "123456789012.00000000000000000000000000000001"]
)
def test_what_eighteen_digits_cannot_hold_is_refused(bad) -> None:
    with pytest.raises(QuantityNotRepresentable):
        to_micro(Decimal(bad))


def test_micro_and_back() -> None:
    assert from_micro(to_micro(Decimal("999999999999.999999"))) == Decimal("999999999999.999999")
