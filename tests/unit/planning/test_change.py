"""Changes of planned orders, giving way, sheets, scan policies."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning_service.domain.bom_diff import differences
from planning_service.domain.bom_sheet import SheetRow, read_sheet
from planning_service.domain.change import PlannedLine, change_line
from planning_service.domain.component import Component, Held
from planning_service.domain.giving_way import Claim, behind, displace
from planning_service.domain.priority import URGENCY_WEIGHT, Urgency
from planning_service.domain.scan import ScanPolicy, apply_scan
from tests.unit.planning.builders import DAY, NOW, UNITS, catalogue, d, item, line, production_order, version
from tests.unit.planning.dags import EXAMPLES
from tests.unit.planning.test_floor import LATER, scan


def order(number: str, quantity: int, *, begun: bool = False, parent: str | None = None):
    made = production_order(quantity)
    made.number, made.parent_number = number, parent
    if begun:
        made.dispatch("team", NOW)
    return made


def planned(stocked: int, *orders) -> PlannedLine:
    return PlannedLine(1, "A", d(stocked), list(orders))


@pytest.mark.parametrize(
    ("wanted", "cancelled", "more", "stocked", "surplus"),
    [
        (17, [], 0, 2, 0),  # 2 from stock + 10 begun + 5 untouched
        (20, [], 3, 2, 0),
        (13, ["P2"], 1, 2, 0),  # 5 taken back, 1 planned again
        (12, ["P2"], 0, 2, 0),
        (11, ["P2"], 0, 1, 0),  # stock gives way before begun work is questioned
        (8, ["P2"], 0, 0, 2),
        (0, ["P2"], 0, 0, 10),
    ],
)
def test_a_changed_line(wanted, cancelled, more, stocked, surplus) -> None:
    change = change_line(planned(2, order("P1", 10, begun=True), order("P2", 5)), d(wanted))

    found = ([o.number for o in change.cancel], change.more, change.stocked, change.surplus)
    assert found == (cancelled, more, stocked, surplus)


def test_the_newest_untouched_production_is_taken_back_first() -> None:
    change = change_line(planned(0, order("P1", 5), order("P2", 5)), d(5))

    assert [o.number for o in change.cancel] == ["P2"]


def test_what_is_being_made_is_no_shortage_and_telling_happens_on_turns_only() -> None:
    base = Component("SO1", "PO1", 1, "S", "S", "个", DAY, required=d(4), made=d(3), expected=d(3))
    held = base.holding(Held(1, "S", d(1), d(0), d(3)))
    ended = held.expecting_nothing()

    assert (held.short, held.wants_telling()) == (0, False)
    assert (ended.short, ended.wants_telling()) == (3, True)
    assert replace(ended, told=True).wants_telling() is False
    assert replace(held, told=True).wants_telling() is True


def test_children_untouched_go_with_their_parent() -> None:
    top, child = order("P1", 5), order("P2", 10, parent="P1")
    grandchild, begun = order("P3", 10, parent="P2"), order("P4", 1, parent="P1", begun=True)

    change = change_line(planned(0, top, child, grandchild, begun), d(0))

    assert {o.number for o in change.cancel} == {"P1", "P2", "P3"}


AMOUNTS = st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=5)


@EXAMPLES
@given(stocked=st.integers(0, 20), orders=AMOUNTS, wanted=st.integers(0, 60))
def test_after_a_change_the_plan_covers_exactly_what_is_wanted_or_says_what_is_too_much(
    stocked, orders, wanted
) -> None:
    made = [order(f"P{n}", quantity, begun=begun) for n, (quantity, begun) in enumerate(orders)]
    change = change_line(planned(stocked, *made), d(wanted))

    kept = sum(o.quantity for o in made if o not in change.cancel)
    assert kept + change.stocked + change.more == wanted + change.surplus
    assert min(change.more, change.surplus) == 0
    assert all(o.dispatched_at is None for o in change.cancel)
    if change.surplus:
        assert change.stocked == 0


def claim(order_number: str, reserved: int, urgency: str = "green", days: int = 0) -> Claim:
    due = DAY + timedelta(days=days)
    return Claim(order_number, "", 1, "C", d(reserved), "m", Urgency(urgency), due)


def test_only_those_behind_give_way_the_last_first() -> None:
    mine = (URGENCY_WEIGHT[Urgency.YELLOW], DAY)
    claims = [claim("RED", 9, "red"), claim("EARLY", 9, "yellow", -1), claim("LATE", 2, "yellow", 1), claim("G", 3)]
    random.Random(1).shuffle(claims)

    taken, left = displace(d(4), behind([*claims, claim("ME", 50)], "ME", mine))

    assert [(x.claim.order_number, x.quantity) for x in taken] == [("G", d(3)), ("LATE", d(1))]
    assert left == 0
    assert displace(d(9), behind(claims, "ME", mine))[1] == 4


def test_differences_name_the_field_with_both_values() -> None:
    old = version(line("C", 1), line("C", 2, position=5), line("K", 1))
    new = version(line("C", 1), line("C", 3, position=5), line("N", 1), base=2)

    assert [(x.kind, x.component, x.field, x.before, x.after) for x in differences(old, new)] == [
        ("changed", "", "base_quantity", "1", "2"),
        ("changed", "C", "quantity_per", "2", "3"),
        ("removed", "K", "", "1", ""),
        ("added", "N", "", "", "1"),
    ]


def test_a_sheet_resolves_aliases_and_sums_nothing_silently() -> None:
    cat = catalogue([item("A", "make"), item("C")])
    cat = type(cat)(cat.items, {}, UNITS, cat.routings, {"old-C": "C"})
    rows = [
        SheetRow(2, ("A", "old-C", "C", "0.35", "R")),
        SheetRow(3, ("A", "C", "", "1", "")),
        SheetRow(4, ("", "", "", "", "")),
    ]

    reading = read_sheet(rows, cat)

    assert [(x.component, x.quantity_per, x.position) for x in reading.bills["A"].lines] == [
        ("C", Decimal("0.35"), 1),
        ("C", Decimal(1), 2),
    ]
    assert reading.bills["A"].routing_code == "R"
    assert [v.reason for v in reading.verdicts] == [None, None]


def test_two_routings_in_one_bill_are_refused() -> None:
    cat = catalogue([item("A", "make"), item("C")])
    cat.routings["R2"] = cat.routings["R"]

    reading = read_sheet([SheetRow(2, ("A", "C", "", "1", "R")), SheetRow(3, ("A", "C", "", "1", "R2"))], cat)

    assert reading.bills == {}
    assert {v.reason for v in reading.verdicts} == {"ROUTINGS_DIFFER"}


@pytest.mark.parametrize(
    ("policy", "first", "second", "reason"),
    [
        ("record", 0, 10, None),
        ("previous", 8, 8, None),
        ("previous", 8, 9, "OPERATION_NOT_READY"),
        ("previous", 0, 1, "OPERATION_NOT_READY"),
        ("strict", 8, 1, "OPERATION_NOT_READY"),
        ("strict", 10, 10, None),
    ],
)
def test_policies_of_sequence(policy, first, second, reason) -> None:
    job = production_order(10, operations=2)
    if first:
        apply_scan(job, scan(1, operation_sequence=10, quantity=first), LATER)

    outcome = apply_scan(job, scan(2, operation_sequence=20, quantity=second), LATER, ScanPolicy(policy))

    assert outcome.reason == reason


REPORTS = st.lists(
    st.tuples(st.sampled_from([10, 20, 30]), st.booleans(), st.integers(1, 4), st.integers(0, 2)),
    min_size=1,
    max_size=12,
)


@EXAMPLES
@given(reports=REPORTS, shuffle=st.randoms(use_true_random=False))
def test_shuffled_scans_end_as_the_clean_run(reports, shuffle) -> None:
    """Reports that fit together end in the same state whatever order they arrive in."""
    scans = [
        scan(n, "start" if start else "finish", operation_sequence=op, quantity=good, scrap=scrap)
        for n, (op, start, good, scrap) in enumerate(reports, 1)
    ]
    clean, mixed = production_order(1000), production_order(1000)
    for job in (clean, mixed):
        job.dispatch(None, NOW)
    for report in scans:
        apply_scan(clean, report, LATER)
    shuffle.shuffle(scans)
    for report in scans:
        apply_scan(mixed, report, LATER)

    assert str(mixed.operations) == str(clean.operations)
    assert (mixed.state, mixed.started_at) == (clean.state, clean.started_at)
