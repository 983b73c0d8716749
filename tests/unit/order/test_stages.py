"""Where the time went, with the arithmetic beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from order_service.domain.stages import dwells, hours_of, longest, waiting

# S83: ordered on the 15th, plan locked on the 16th, started on the 18th, received on the 20th, shipped on the 21st
DAY = {n: datetime(2026, 2, n, 8, tzinfo=UTC) for n in range(15, 29)}


def test_each_interval_is_the_difference_of_its_moments() -> None:
    moments = {"confirmed": DAY[15], "released": DAY[16], "dispatched": DAY[17], "first_operation_started": DAY[18],
               "received": DAY[20], "shipped": DAY[21], "signed": DAY[27]}  # fmt: skip

    found = {dwell.stage: dwell for dwell in dwells(moments, "signed", DAY[28])}

    assert found["confirm_to_release"].hours == Decimal(24)
    assert found["dispatch_to_start"].hours == Decimal(24)
    assert found["receipt_to_ship"].hours == Decimal(24)
    assert found["carrier"].hours == Decimal(144)
    assert found["quote_to_confirm"].hours is None  # never recorded is not zero
    assert found["production"].hours is None
    assert longest(list(found.values())) == "carrier"


def test_the_stage_an_order_is_in_is_still_running() -> None:
    found = {x.stage: x for x in dwells({"confirmed": DAY[15], "released": DAY[16]}, "planned", DAY[18])}

    assert (found["release_to_dispatch"].hours, found["release_to_dispatch"].running) == (Decimal(48), True)
    assert not found["confirm_to_release"].running


def test_nothing_runs_in_an_order_that_ended() -> None:
    assert not any(x.running for x in dwells({"confirmed": DAY[15]}, "cancelled", DAY[18]))


def test_nothing_known_has_no_longest() -> None:
    assert longest(dwells({}, "submitted", DAY[15])) == ""


def test_waiting_for_material_runs_until_the_last_shortage_is_covered() -> None:
    assert waiting(DAY[15], None, open_now=True, now=DAY[16]).hours == Decimal(24)
    assert waiting(DAY[15], DAY[18], open_now=False, now=DAY[20]).hours == Decimal(72)
    assert waiting(None, None, open_now=False, now=DAY[20]).hours is None


def test_hours_keep_four_places() -> None:
    assert hours_of(timedelta(minutes=20)) == Decimal("0.3333")
