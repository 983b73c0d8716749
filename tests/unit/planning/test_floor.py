"""Production orders on the floor: moves, scans, inspection, receipt."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from decimal import Decimal

import pytest

from planning_service.domain.errors import IllegalMove, Invalid
from planning_service.domain.operation import OperationState, ScanFlag
from planning_service.domain.scan import ScanAction, ScanReport, ScanResult, apply_scan
from tests.unit.planning.builders import NOW, d, production_order

LATER = NOW + timedelta(hours=8)


def scan(minute: int = 1, action: str = "finish", **more) -> ScanReport:
    for name in ("quantity", "scrap"):
        if name in more:
            more[name] = Decimal(str(more[name]))
    return ScanReport(f"s{minute}", "dev", "PO", NOW + timedelta(minutes=minute), ScanAction(action), **more)


def made(quantity: int = 10, **more):
    order = production_order(quantity, **more)
    order.dispatch("team 1", NOW)
    for n, op in enumerate(order.operations, 1):
        apply_scan(order, scan(n, operation_sequence=op.sequence), LATER)
    return order


def test_the_way_from_created_to_completed() -> None:
    order = production_order(2, operations=2)
    seen = [order.state]
    order.dispatch("team 1", NOW)
    seen.append(order.state)
    first = apply_scan(order, scan(1, "start"), LATER)
    seen.append(order.state)
    apply_scan(order, scan(2), LATER)
    last = apply_scan(order, scan(3), LATER)
    seen.append(order.state)
    order.inspect(passed=d(2), rework=d(0), scrapped=d(0), reason=None, now=LATER)
    seen.append(order.state)
    order.receive(d(2), LATER)
    seen.append(order.state)
    order.settle()
    order.complete_if_booked_off(LATER)
    seen.append(order.state)

    assert seen == [
        "created",
        "dispatched",
        "in_progress",
        "awaiting_inspection",
        "awaiting_inspection",
        "received",
        "completed",
    ]
    assert (first.started, first.first_start, first.finished) == (True, True, False)
    assert (last.finished, last.made) == (True, True)


@pytest.mark.parametrize(
    ("prepare", "move", "allowed"),
    [
        (lambda o: None, lambda o: o.resume(), ("dispatch", "hold", "cancel")),
        (lambda o: o.dispatch("t", NOW), lambda o: o.dispatch("t", NOW), ("hold", "cancel")),
        (lambda o: o.hold("x", NOW), lambda o: o.dispatch("t", NOW), ("resume", "cancel")),
        (lambda o: o.cancel("x", NOW), lambda o: o.hold("x", NOW), ()),
    ],
)
def test_illegal_moves_name_what_is_allowed(prepare, move, allowed) -> None:
    order = production_order()
    prepare(order)

    with pytest.raises(IllegalMove) as refusal:
        move(order)

    assert refusal.value.allowed == allowed


def test_inspection_before_the_last_operation_is_illegal() -> None:
    order = production_order()
    apply_scan(order, scan(1), LATER)

    with pytest.raises(IllegalMove):
        order.inspect(passed=d(1), rework=d(0), scrapped=d(0), reason=None, now=LATER)


@pytest.mark.parametrize(
    ("passed", "rework", "scrapped", "reason"),
    [
        (11, 0, 0, "INSPECTION_EXCEEDS_MADE"),
        (5, 5, 1, "INSPECTION_EXCEEDS_MADE"),
        (0, 0, 0, "REQUIRED"),
        (-1, 0, 0, "TOO_SMALL"),
        ("0.5", 0, 0, "QUANTITY_NOT_WHOLE"),
        ("NaN", 0, 0, "NOT_A_NUMBER"),
    ],
)
def test_impossible_judgements_are_refused(passed, rework, scrapped, reason) -> None:
    order = made()

    with pytest.raises(Invalid) as refusal:
        order.inspect(passed=d(passed), rework=d(rework), scrapped=d(scrapped), reason=None, now=LATER)

    assert {f.reason for f in refusal.value.fields} == {reason}
    assert order.passed == 0


def test_rework_goes_round_once_more() -> None:
    order = made()
    order.inspect(passed=d(7), rework=d(2), scrapped=d(1), reason="scratches", now=LATER)
    after_inspection = order.state
    again = apply_scan(order, scan(60), LATER)

    assert after_inspection == "rework"
    assert again.index == 2
    assert order.state == "awaiting_inspection"
    assert order.waiting == 2

    order.inspect(passed=d(2), rework=d(0), scrapped=d(0), reason=None, now=LATER)
    order.receive(d(9), LATER)

    assert order.state == "received"


def test_scrap_of_an_earlier_operation_never_arrives_at_the_next() -> None:
    order = production_order(10, operations=2)
    apply_scan(order, scan(1, quantity=8, scrap=2), LATER)
    second = apply_scan(order, scan(2), LATER)

    assert order.operations[1].good == 8
    assert second.made
    assert order.waiting == 8


def test_resume_shows_what_is_left() -> None:
    order = production_order(10, operations=1)
    apply_scan(order, scan(1, quantity=8), LATER)
    order.hold("lunch", NOW + timedelta(minutes=2))
    order.resume()
    apply_scan(order, scan(3), LATER)

    assert order.operations[0].good == 10


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (scan(1, quantity=11), "QUANTITY_OVER"),
        (scan(1, quantity=9, scrap=2), "QUANTITY_OVER"),
        (scan(1, quantity=-1), "QUANTITY_INVALID"),
        (scan(1, quantity=0), "QUANTITY_INVALID"),
        (scan(1, quantity="NaN"), "QUANTITY_INVALID"),
        (scan(1, scrap="1e400"), "QUANTITY_INVALID"),
        (scan(1, quantity="1.5"), "QUANTITY_NOT_WHOLE"),
        (scan(1, operation_sequence=99), "OPERATION_UNKNOWN"),
    ],
)
def test_impossible_scans_are_refused_and_change_nothing(report, reason) -> None:
    order = production_order()

    outcome = apply_scan(order, report, LATER)

    assert (outcome.result, outcome.reason) == (ScanResult.REJECTED, reason)
    assert order.state == "created"


def test_a_dead_job_refuses_scans() -> None:
    order = production_order()
    order.cancel("customer left", NOW)

    assert apply_scan(order, scan(), LATER).reason == "JOB_CANCELLED"


def test_work_done_before_a_hold_still_counts_when_told_after_it() -> None:
    order = production_order()
    order.hold("machine", NOW + timedelta(minutes=5))

    assert apply_scan(order, scan(4), LATER).result == "applied"
    assert apply_scan(order, scan(6), LATER).reason == "JOB_ON_HOLD"


def test_odd_instants_are_flagged_and_clamped_never_refused() -> None:
    order = production_order()
    order.dispatch(None, NOW + timedelta(minutes=10))
    apply_scan(order, scan(1, operation_sequence=10), LATER)
    apply_scan(order, scan(60 * 24, operation_sequence=20), LATER)

    assert order.operations[0].flags == {ScanFlag.BEFORE_DISPATCH}
    assert order.operations[0].started_at == order.dispatched_at
    assert order.operations[1].flags == {ScanFlag.CLOCK_SKEW}
    assert order.operations[1].started_at == LATER


def test_quantity_on_a_start_is_ignored() -> None:
    order = production_order()
    apply_scan(order, scan(1, "start", quantity=99), LATER)

    assert order.operations[0].reported == 0
    assert order.operation_state(0) is OperationState.STARTED


def test_an_operation_begun_before_the_one_in_front_is_flagged() -> None:
    order = production_order(operations=2)
    apply_scan(order, scan(1, operation_sequence=20), LATER)
    apply_scan(order, scan(2, operation_sequence=10), LATER)

    assert [order.is_out_of_order(i) for i in range(2)] == [False, True]


def test_the_order_of_arrival_does_not_matter() -> None:
    scans = [
        scan(minute, action, operation_sequence=sequence, **({"quantity": q} if q else {}))
        for minute, (sequence, action, q) in enumerate(
            [(10, "start", 0), (10, "finish", 6), (20, "finish", 5), (10, "finish", 4), (20, "finish", 5)], 1
        )
    ]

    ends = set()
    for arrival in itertools.permutations(scans):
        order = production_order(10, operations=2)
        order.dispatch(None, NOW)
        for report in arrival:
            apply_scan(order, report, LATER)
        ends.add(str((order.state, order.started_at, order.finished_at, order.operations)))

    assert len(ends) == 1


def test_receipts_are_totals_so_a_late_message_changes_nothing() -> None:
    order = made(10)
    order.inspect(passed=d(10), rework=d(0), scrapped=d(0), reason=None, now=LATER)
    totals = [4, 10, 7]
    random.Random(7).shuffle(totals)
    for total in totals:
        order.receive(d(total), LATER)

    assert order.received == 10
    assert order.state == "received"


def test_cancelling_after_a_receipt_closes_short() -> None:
    order = made(10)
    order.inspect(passed=d(4), rework=d(0), scrapped=d(0), reason=None, now=LATER)
    order.receive(d(4), LATER)
    order.cancel("changed mind", LATER)

    assert order.state == "closed_short"
