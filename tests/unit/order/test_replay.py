"""An order's history alone says its state (S97)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from order_service.domain.lifecycle import LineFacts
from order_service.domain.replay import Known, replayed_state


def line(shipped: str = "0", signed: str = "0", invoiced: str = "0") -> LineFacts:
    return LineFacts(Decimal(2), Decimal(shipped), Decimal(0), Decimal(signed), Decimal(invoiced))


@pytest.mark.parametrize(
    ("words", "known", "state"),
    [
        ("OrderSubmitted", Known(False, False, [line()]), "submitted"),
        ("OrderSubmitted DuplicateSuspected", Known(False, False, [line()]), "suspected_duplicate"),
        ("OrderSubmitted DuplicateSuspected DuplicateReleased", Known(False, False, [line()]), "submitted"),
        ("OrderSubmitted CapacityConfirmationRequested", Known(False, True, [line()]), "needs_capacity_confirmation"),
        ("OrderSubmitted CapacityConfirmed", Known(False, True, [line()]), "submitted"),
        ("OrderSubmitted OrderConfirmed", Known(False, False, [line()]), "confirmed"),
        ("OrderSubmitted OrderConfirmed OrderPlanned", Known(True, False, [line()]), "planned"),
        ("OrderSubmitted OrderConfirmed OrderPlanned OperationStarted", Known(True, False, [line()]), "in_production"),
        ("OrderSubmitted OrderConfirmed OrderHeld", Known(False, False, [line()]), "on_hold"),
        ("OrderSubmitted OrderConfirmed OrderHeld OrderResumed", Known(False, False, [line()]), "confirmed"),
        ("OrderSubmitted OrderConfirmed", Known(True, False, [line("1")]), "part_shipped"),
        ("OrderSubmitted OrderConfirmed", Known(True, False, [line("2")]), "shipped"),
        ("OrderSubmitted OrderConfirmed", Known(True, False, [line("2", "2")]), "signed"),
        ("OrderSubmitted OrderConfirmed", Known(True, False, [line("2", "2", "2")]), "closed"),
        ("OrderSubmitted OrderConfirmed OrderCancelled", Known(True, False, [line("1")]), "closed_short"),
        ("OrderSubmitted OrderHeld OrderCancelled", Known(False, False, [line()]), "cancelled"),
    ],
)
def test_the_history_says_the_state(words: str, known: Known, state: str) -> None:
    assert replayed_state(words.split(), known) == state
