"""Changing an order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from order_service.domain.entry import LineEntry
from order_service.domain.errors import Invalid
from order_service.domain.order import Order
from order_service.domain.revision import FIELDS, Revision, check_revision, revise
from order_service.domain.texts import check_fields
from tests.unit.order.builders import KNOWN, NOW, entry, line, order


def change(made: Order, *fields: str, lines: tuple[LineEntry, ...] = (), **values: Any) -> bool:
    revision = Revision(fields, entry(*lines, **values))
    check_revision(revision, made, KNOWN)
    return revise(made, revision, KNOWN)


def refused(made: Order, *fields: str, lines: tuple[LineEntry, ...] = (), **values: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        change(made, *fields, lines=lines, **values)
    return {problem.field: problem.reason for problem in refusal.value.fields}


def test_the_headers_date_moves_inherited_lines_only() -> None:
    own = date(2026, 12, 5)
    made = order(line(1), line(2, due=own, due_date_inherited=False))

    assert change(made, "due_date", due_date="2026-12-20")

    assert [x.due_date for x in made.lines] == [date(2026, 12, 20), own]  # S33


def test_urgency_is_audited_with_the_word_before() -> None:
    made = order()

    change(made, "urgency", urgency="red")

    assert made.notes == [("OrderRevised", {"urgency": "green -> red"})]


def test_what_changes_nothing_is_no_change() -> None:
    made = order()

    assert not change(made, "urgency", "note", urgency="green", note="")
    assert made.events == []


def test_lines_are_the_whole_new_set() -> None:
    made = order(line(1, "10"), line(2, "5"))

    change(made, "lines", lines=(LineEntry("A", "12", line_no=1), LineEntry("C", "2.5")))

    assert [(x.line_no, x.item_code, x.quantity, x.ordered) for x in made.lines] == [
        (1, "A", Decimal(12), Decimal(12)), (2, "A", Decimal(5), Decimal(0)), (3, "C", Decimal("2.5"), Decimal("2.5")),
    ]  # fmt: skip


def test_a_date_sent_back_as_it_was_stays_inherited() -> None:
    made = order(line(1))

    change(
        made,
        "lines",
        "due_date",
        due_date="2026-12-20",
        lines=(LineEntry("A", "10", due_date="2026-12-01", line_no=1),),
    )

    assert made.lines[0].due_date == date(2026, 12, 20)


def test_nothing_falls_below_what_was_shipped() -> None:
    made = order(
        line(1, "10", shipped_quantity=Decimal(6)), line(2, "5", shipped_quantity=Decimal(1)), confirmed_at=NOW
    )

    found = refused(made, "lines", lines=(LineEntry("A", "5", line_no=1),))

    assert found == {"lines.0.quantity": "QUANTITY_BELOW_SHIPPED", "lines": "QUANTITY_BELOW_SHIPPED"}  # X10


def test_a_line_keeps_its_item_and_its_number() -> None:
    found = refused(order(line(1)), "lines", lines=(LineEntry("C", "1", line_no=1), LineEntry("A", "1", line_no=9)))

    assert found == {"lines.0.item_code": "LINE_ITEM_FIXED", "lines.1.line_no": "LINE_UNKNOWN"}


def test_a_date_moved_near_asks_for_capacity_once() -> None:
    made = order()

    change(made, "due_date", due_date="2026-11-23")
    change(made, "note", note="x")

    assert made.state == "needs_capacity_confirmation"
    assert [type(event).__name__ for event in made.events] == [
        "OrderChanged", "CapacityConfirmationRequested", "OrderChanged"
    ]  # fmt: skip


def test_a_field_that_can_not_change_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        check_fields({"number", "note"}, FIELDS)

    assert [problem.field for problem in refusal.value.fields] == ["number"]
