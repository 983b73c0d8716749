"""The clock of a device: five minutes are forgiven, more is flagged and told, and nothing is refused for it (S48)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from planning_service.domain.device_clock import clamped, clock_doubts, clock_flags
from planning_service.domain.operation import ScanFlag
from tests.unit.planning.builders import NOW, production_order

SKEW, EARLY = ScanFlag.CLOCK_SKEW, ScanFlag.BEFORE_DISPATCH


@pytest.mark.parametrize(
    ("minutes", "flags", "doubts"),
    [
        (0, set(), {}),
        (5, set(), {}),
        (6, {SKEW}, {"clock_ahead_minutes": "6"}),
        (-60, set(), {}),  # the very instant of the dispatch
        (-61, {EARLY}, {}),
        (-66, {EARLY}, {"before_dispatch_minutes": "6"}),
    ],
)
def test_an_instant_is_odd_beyond_five_minutes(minutes: int, flags: set[ScanFlag], doubts: dict[str, str]) -> None:
    order = production_order()
    order.dispatch(None, NOW - timedelta(hours=1))

    occurred_at = NOW + timedelta(minutes=minutes)

    assert clock_flags(order, occurred_at, NOW) == flags
    assert clock_doubts(order, occurred_at, NOW) == doubts


def test_before_any_dispatch_every_scan_is_flagged_and_counts_from_the_creation_on() -> None:
    order = production_order()

    assert clock_flags(order, NOW, NOW) == {EARLY}
    assert clamped(order, order.created_at - timedelta(days=1), NOW) == order.created_at
    assert clamped(order, NOW + timedelta(days=1), NOW) == NOW
