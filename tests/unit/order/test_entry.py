"""An order as typed: every problem at once, each naming its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from order_service.domain.entry import LineEntry, check, contact_of, content_hash, make_line
from order_service.domain.errors import Invalid
from tests.unit.order.builders import CUSTOMER, ITEMS, KNOWN, entry


def problems(*lines: LineEntry, known: Any = KNOWN, **values: Any) -> dict[str, str]:
    try:
        check(entry(*lines, **values), known)
    except Invalid as refusal:
        return {problem.field: problem.reason for problem in refusal.fields}
    return {}


def test_a_good_entry_passes() -> None:
    assert problems() == {}


def test_every_problem_comes_at_once_and_names_its_line() -> None:
    found = problems(
        LineEntry("A", "2"), LineEntry("NOPE", "0"), LineEntry("A", "1.5", due_date="2026-11-21"), LineEntry("OLD", "1"),
        channel="fax", urgency="purple", kind="maybe", due_date="2026-11-21", source_ref="x" * 101,
    )  # fmt: skip

    assert found == {
        "channel": "CHANNEL_UNKNOWN", "urgency": "URGENCY_UNKNOWN", "kind": "KIND_UNKNOWN", "due_date": "DUE_DATE_PAST",
        "source_ref": "TEXT_TOO_LONG", "lines.1.item_code": "ITEM_UNKNOWN", "lines.1.quantity": "QUANTITY_NOT_POSITIVE",
        "lines.2.quantity": "QUANTITY_NOT_WHOLE", "lines.2.due_date": "DUE_DATE_PAST",
        "lines.3.item_code": "ITEM_INACTIVE",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"due_date": ""}, "due_date", "REQUIRED"),
        ({"due_date": "2026-02-30"}, "due_date", "DATE_INVALID"),
        ({"due_date": "20261201"}, "due_date", "DATE_INVALID"),
        ({"due_date": "9999-12-31"}, "due_date", "DUE_DATE_TOO_FAR"),
        ({"note": "a\x00b"}, "note", "TEXT_INVALID"),
        ({"contact_name": "陌生人"}, "contact", "CONTACT_NOT_OF_CUSTOMER"),
        ({"contact_phone": "13900000000"}, "contact", "CONTACT_NOT_OF_CUSTOMER"),
        ({"contact_phone": "call me"}, "contact.phone", "PHONE_INVALID"),
        ({"kind": "intent", "confirm": True}, "confirm", "INTENT_NOT_CONFIRMABLE"),
        ({"attachment_ids": ("a",) * 21}, "attachment_ids", "TOO_MANY_ATTACHMENTS"),
        ({"lines": ()}, "lines", "LINES_REQUIRED"),
        ({"lines": (LineEntry("A", "1"),) * 501}, "lines", "TOO_MANY_LINES"),
        ({"lines": (LineEntry("A", "1", unit_price="-1"),)}, "lines.0.unit_price", "PRICE_INVALID"),
    ],
)
def test_what_can_not_be_accepted_is_named(values: dict[str, Any], field: str, reason: str) -> None:
    assert problems(**values) == {field: reason}


def test_an_unknown_customer_is_refused_with_the_rest() -> None:
    found = problems(LineEntry("A", "0"), known=replace(KNOWN, customer=None))

    assert found == {"customer_id": "CUSTOMER_UNKNOWN", "lines.0.quantity": "QUANTITY_NOT_POSITIVE"}


def test_a_price_of_zero_is_a_price() -> None:
    assert problems(LineEntry("A", "1", unit_price="0")) == {}  # X53


@pytest.mark.parametrize(
    ("name", "phone", "found"),
    [
        ("", "", ("王工", "+8613800138000")),
        ("", "138-0013-8000", ("王工", "+8613800138000")),
        ("王经理", "+86 138 0013 8000", ("王经理", "+8613800138000")),
        ("小李", "", ("小李", "")),
        ("小李", "13900000000", None),
    ],
)
def test_a_contact_belongs_to_the_customer(name: str, phone: str, found: tuple[str, str] | None) -> None:
    assert contact_of(name, phone, KNOWN) == found


def test_a_customer_without_contacts_takes_what_is_typed() -> None:
    known = replace(KNOWN, customer=replace(CUSTOMER, contacts=()))

    assert contact_of("张", "13900000000", known) == ("张", "+8613900000000")


@pytest.mark.parametrize(("due", "required"), [("2026-11-24", True), ("2026-11-25", False), ("2026-11-22", True)])
def test_capacity_is_asked_for_before_today_plus_three(due: str, required: bool) -> None:
    assert KNOWN.notice.is_near([date.fromisoformat(due)]) is required  # today is the 22nd


def test_the_same_wish_has_the_same_content_whatever_the_order_of_lines() -> None:
    due = date(2026, 12, 1)
    a, c = (make_line(LineEntry(code, "2"), 1, due, ITEMS) for code in ("A", "C"))

    assert content_hash(CUSTOMER.id, [a, c]) == content_hash(CUSTOMER.id, [c, a])
    assert content_hash(CUSTOMER.id, [a, c]) != content_hash(CUSTOMER.id, [a, replace(c, quantity=Decimal(3))])
