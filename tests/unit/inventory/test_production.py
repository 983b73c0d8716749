"""What may still be received, and when nothing more will come."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from inventory_service.domain.production import Receivable


def job(**values: Any) -> Receivable:
    numbers = {name: Decimal(value) for name, value in {"planned": 10, **values}.items() if name != "state"}
    return Receivable("PO1", "SO1", 1, "A", "件", state=values.get("state", "open"), **numbers)


@pytest.mark.parametrize(
    ("values", "tolerance", "quantity", "accepted"),
    [
        ({"passed": 6, "received": 4}, "0", 2, True),
        ({"passed": 6, "received": 4}, "0", 3, False),
        ({"passed": 10, "received": 10}, "0.1", 1, True),
        ({"passed": 10, "received": 10}, "0.1", 2, False),
        ({"passed": 0}, "0.5", 1, False),
        ({"passed": 5, "state": "cancelled"}, "0", 1, False),
        ({"passed": 5, "state": "closed_short"}, "0", 5, True),  # what was made and passed may come in
    ],
)
def test_receipts_stay_within_what_passed(
    values: dict[str, Any], tolerance: str, quantity: int, accepted: bool
) -> None:
    assert job(**values).accepts(Decimal(quantity), Decimal(tolerance)) is accepted


@pytest.mark.parametrize(
    ("values", "last"),
    [
        ({"passed": 10, "received": 10}, True),
        ({"passed": 10, "received": 9}, False),
        ({"passed": 8, "received": 8}, False),  # nobody said that the other two are lost
        ({"good": 8, "passed": 8, "received": 8}, True),  # two fell at an operation
        ({"good": 10, "passed": 8, "scrapped": 2, "received": 8}, True),  # two fell at inspection
        ({"good": 10, "passed": 8, "scrapped": 2, "received": 7}, False),
        ({"good": 10, "passed": 8, "scrapped": 1, "received": 8}, False),  # one is being reworked
        ({"good": 10, "scrapped": 10}, True),  # all lost
        ({}, False),
        ({"planned": 0, "passed": 3, "received": 3}, False),  # the plan is not known yet
    ],
)
def test_the_last_receipt_is_known(values: dict[str, Any], last: bool) -> None:
    assert job(**values).is_last is last


def test_refusals_carry_their_numbers() -> None:
    assert job().refusal(Decimal(1)).reason == "NOT_INSPECTED"
    assert job(state="cancelled").refusal(Decimal(1)).reason == "PRODUCTION_ORDER_CANCELLED"
    over = job(passed=6, received=5).refusal(Decimal("2.50"))
    assert (over.reason, over.params["wanted"], over.params["remaining"]) == ("OVER_RECEIPT", "2.5", "1")
