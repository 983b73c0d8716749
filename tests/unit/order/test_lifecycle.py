"""The state of an order, fact by fact."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from order_service.domain.lifecycle import ALLOWED, STATES, Facts, LineFacts, is_complete, state_of

D = Decimal


def line(
    ordered: str = "10", shipped: str = "0", returned: str = "0", signed: str = "0", invoiced: str = "0"
) -> LineFacts:
    return LineFacts(D(ordered), D(shipped), D(returned), D(signed), D(invoiced))


BASE = Facts(
    suspected=False, needs_capacity=False, confirmed=True, planned=False, started=False, held=False, cancelled=False,
    lines=[line()],
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"confirmed": False}, "submitted"),
        ({"confirmed": False, "needs_capacity": True}, "needs_capacity_confirmation"),
        ({"confirmed": False, "needs_capacity": True, "suspected": True}, "suspected_duplicate"),
        ({}, "confirmed"),
        ({"planned": True}, "planned"),
        ({"started": True}, "in_production"),  # the start may be told before the plan
        ({"planned": True, "started": True, "lines": [line(shipped="4")]}, "part_shipped"),
        ({"lines": [line(shipped="10"), line(shipped="9")]}, "part_shipped"),
        ({"lines": [line(shipped="10")]}, "shipped"),
        ({"lines": [line(shipped="10", signed="4")]}, "shipped"),
        ({"lines": [line(shipped="10", signed="10")]}, "signed"),
        ({"lines": [line(shipped="10", signed="10", invoiced="9")]}, "signed"),
        ({"lines": [line(shipped="10", signed="10", invoiced="10")]}, "closed"),
        ({"lines": [line(shipped="10", signed="10", invoiced="10", returned="1")]}, "part_shipped"),  # X47
        ({"lines": [line(shipped="10", returned="10")]}, "confirmed"),
        ({"lines": [line(ordered="0"), line(shipped="10")]}, "shipped"),  # a cancelled line does not count
        ({"lines": [line(ordered="0")]}, "confirmed"),
        ({"held": True, "planned": True}, "on_hold"),
        ({"held": True, "cancelled": True}, "cancelled"),
        ({"cancelled": True, "lines": [line(ordered="4", shipped="4")]}, "closed_short"),
    ],
)
def test_the_state_follows_from_the_facts(changes: dict[str, object], state: str) -> None:
    assert state_of(replace(BASE, **changes)) == state  # type: ignore[arg-type]


def test_almost_everything_shipped_is_not_complete() -> None:
    assert not is_complete([line(ordered="250000", shipped="249999")])  # 99.9996 % (X52)


def test_an_order_of_nothing_is_never_complete() -> None:
    assert not is_complete([])


def test_every_state_says_what_it_allows() -> None:
    assert set(ALLOWED) == set(STATES)
