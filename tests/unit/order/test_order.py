"""Moves of an order refuse out loud and record what happened."""

from __future__ import annotations

from decimal import Decimal

import pytest

from order_service.domain import events
from order_service.domain.errors import IllegalMove, Stale
from order_service.domain.line import Totals
from tests.unit.order.builders import NOW, line, order


def names(made: object) -> list[str]:
    return [type(event).__name__ for event in made.events]  # type: ignore[attr-defined]


def test_a_near_order_that_asked_for_confirmation_is_confirmed_with_its_capacity() -> None:
    made = order(capacity_required=True, confirm_requested=True)
    made.submit(None, NOW)
    assert made.state == "needs_capacity_confirmation"

    made.confirm_capacity("加班", NOW)

    assert made.state == "confirmed"
    assert names(made) == ["OrderSubmitted", "CapacityConfirmationRequested", "CapacityConfirmed", "OrderConfirmed"]


def test_confirming_before_capacity_is_refused_with_what_is_allowed() -> None:
    made = order(capacity_required=True)

    with pytest.raises(IllegalMove) as refusal:
        made.confirm(NOW)

    assert refusal.value.params["allowed"] == ["confirm_capacity", "cancel", "hold", "revise"]
    assert made.state == "needs_capacity_confirmation"


def test_a_suspected_duplicate_asks_for_capacity_only_when_it_is_released() -> None:
    made = order(capacity_required=True)
    made.submit(("SO1", "zhao"), NOW)
    assert made.state == "suspected_duplicate"
    assert names(made) == ["OrderSubmitted", "DuplicateSuspected"]

    made.release_duplicate(NOW)

    assert made.state == "needs_capacity_confirmation"
    assert names(made)[2:] == ["DuplicateReleased", "CapacityConfirmationRequested"]


def test_an_intent_converts_once() -> None:
    made = order(kind="intent")
    made.submit(None, NOW)

    made.confirm(NOW)

    assert made.kind == "firm"
    with pytest.raises(IllegalMove):
        made.confirm(NOW)  # X9


def test_holding_keeps_the_state_to_come_back_to() -> None:
    made = order(confirmed_at=NOW, planned_at=NOW)

    made.hold("等客户图纸", NOW)
    assert made.state == "on_hold"
    made.resume()

    assert made.state == "planned"


def test_cancelling_after_a_part_shipment_closes_short() -> None:
    made = order(line(1, "10", shipped_quantity=Decimal(4)), line(2, "5"), confirmed_at=NOW)

    made.cancel("客户减量", NOW)

    assert made.state == "closed_short"
    assert [x.cancelled_quantity for x in made.lines] == [Decimal(6), Decimal(5)]
    assert made.lines[0].to_invoice == Decimal(4)  # X13: invoice for what was shipped only


def test_fully_shipped_is_told_once_and_again_only_after_a_return() -> None:
    made = order(line(1, "10"), confirmed_at=NOW)
    made.weigh({1: Totals(shipped=Decimal(4))})
    assert not made.note_shipped("SH1", ("T1",), ("T1",), NOW)
    made.weigh({1: Totals(shipped=Decimal(10))})
    assert made.note_shipped("SH2", ("T2",), ("T1", "T2"), NOW)
    assert not made.note_shipped("SH3", (), ("T1", "T2"), NOW)
    assert names(made) == ["OrderPartlyShipped", "OrderFullyShipped"]
    assert made.events[1] == events.OrderFullyShipped(("T1", "T2"))

    made.weigh({1: Totals(shipped=Decimal(10), returned=Decimal(1))})
    made.note_returned()
    assert made.state == "part_shipped"
    made.weigh({1: Totals(shipped=Decimal(11), returned=Decimal(1))})

    assert made.note_shipped("SH4", (), ("T1", "T2"), NOW)


def test_signed_is_told_when_the_last_goods_are_signed_for() -> None:
    made = order(line(1, "10"), confirmed_at=NOW)
    made.weigh({1: Totals(shipped=Decimal(4), signed=Decimal(4))})
    made.note_signed("王工", NOW)
    assert names(made) == []  # more is to come

    made.weigh({1: Totals(shipped=Decimal(10), signed=Decimal(10))})
    made.note_signed("王工", NOW)

    assert names(made) == ["OrderSigned"]


def test_a_stale_version_is_refused() -> None:
    with pytest.raises(Stale):
        order(version=4).check_version(3)
