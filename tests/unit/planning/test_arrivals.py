"""When a shortage can be covered by deliveries."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from planning_service.domain.arrivals import Arrival, Arrivals
from planning_service.domain.exact import MICRO
from planning_service.domain.item import Item, Supply

TODAY = date(2026, 11, 22)


def arrival(days: int, quantity: str, item: str = "C") -> Arrival:
    return Arrival(f"ER{days}", item, Decimal(quantity), Decimal(quantity), TODAY + timedelta(days=days))


@pytest.mark.parametrize(
    ("coming", "lead", "short", "days"),
    [
        ([], 0, 5, None),  # nobody knows
        ([], 7, 5, 7),  # bought
        ([arrival(3, "5")], 0, 5, 3),
        ([arrival(3, "5")], 2, 5, 2),  # buying anew is faster
        ([arrival(3, "4")], 0, 5, None),  # not enough
        ([arrival(3, "4")], 7, 5, 7),  # the rest is bought
        ([arrival(9, "4"), arrival(3, "2")], 0, 5, 9),  # two deliveries, the earlier one first
        ([arrival(-2, "5")], 0, 5, 0),  # late already: hoped for today
        ([arrival(3, "5", "OTHER")], 0, 5, None),
    ],
)
def test_a_shortage_is_covered_by(coming: list[Arrival], lead: int, short: int, days: int | None) -> None:
    item = Item("C", "C", "m", Supply.BUY, lead_time_days=lead)

    found = Arrivals(coming).covers(item, short * MICRO, TODAY)

    assert found == (None if days is None else TODAY + timedelta(days=days))


def test_no_delivery_is_promised_twice() -> None:
    item, arrivals = Item("C", "C", "m", Supply.BUY), Arrivals([arrival(1, "5"), arrival(4, "5")])

    found = [arrivals.covers(item, 4 * MICRO, TODAY) for _ in range(3)]

    assert found == [TODAY + timedelta(days=1), TODAY + timedelta(days=4), None]
