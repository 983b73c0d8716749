"""Requests about orders to the use cases' words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from orderhub.order.v1 import order_pb2 as pb

from chassis import page_token
from order_service.adapters.order_views import SORTS, OrderFilter
from order_service.app.move_order import Move
from order_service.app.revise_order import Change
from order_service.app.sign_shipment import Signature
from order_service.domain.entry import LineEntry, OrderEntry
from order_service.domain.errors import FieldProblem, Invalid
from order_service.domain.lifecycle import STATES
from order_service.domain.order import Order
from order_service.domain.texts import read_date, word_problems
from order_service.entrypoints.paging import next_token, read_token

OWED = "open"  # what a list calls any state in which goods are still to go out


def _lines(request: Any) -> tuple[LineEntry, ...]:
    return tuple(
        LineEntry(x.item_code.strip(), x.quantity, x.unit, x.due_date, x.unit_price, x.line_no) for x in request.lines
    )


def instant_of(request: Any, field: str) -> datetime | None:
    """Return an instant of a request; None when unset; raise Invalid when it is out of range."""
    if not request.HasField(field):
        return None
    try:
        return getattr(request, field).ToDatetime(tzinfo=UTC)  # type: ignore[no-any-return]
    except (ValueError, OverflowError) as error:
        raise Invalid([FieldProblem(field, "DATE_INVALID", {"value": ""})]) from error


def entry_of(request: pb.SubmitOrderRequest) -> OrderEntry:
    """Return the entry of a submission."""
    return OrderEntry(
        customer_id=request.customer_id, channel=request.channel, due_date=request.due_date, lines=_lines(request),
        contact_name=request.contact.name, contact_phone=request.contact.phone, source_ref=request.source_ref.strip(),
        urgency=request.urgency, sales_owner=request.sales_owner, kind=request.kind,
        ship_on_receipt=request.ship_on_receipt, note=request.note, attachment_ids=tuple(request.attachment_ids),
        confirm=request.confirm, inquired_at=instant_of(request, "inquired_at"), quoted_at=instant_of(request, "quoted_at"),
    )  # fmt: skip


def change_of(request: pb.ReviseOrderRequest) -> Change:
    """Return the change of a revision."""
    entry = OrderEntry(
        customer_id="", channel="", due_date=request.due_date, lines=_lines(request),
        contact_name=request.contact.name, contact_phone=request.contact.phone, source_ref=request.source_ref.strip(),
        urgency=request.urgency, sales_owner=request.sales_owner, ship_on_receipt=request.ship_on_receipt,
        note=request.note, attachment_ids=tuple(request.attachment_ids),
        inquired_at=instant_of(request, "inquired_at"), quoted_at=instant_of(request, "quoted_at"),
    )  # fmt: skip
    return Change(request.order, request.expected_version, frozenset(request.fields), entry)


def move_of(request: pb.MoveOrderRequest) -> Move:
    """Return the move wanted."""
    expected = request.expected_version if request.HasField("expected_version") else None
    return Move(request.order, request.move, request.note, expected)


def signature_of(request: pb.SignShipmentRequest) -> Signature:
    """Return the signature; raise Invalid for an instant out of range."""
    return Signature(request.shipment, request.signed_by.strip(), instant_of(request, "signed_at"))


def filter_of(request: pb.ListOrdersRequest) -> OrderFilter:
    """Return the filter of a list; raise Invalid for a word that is no state, order or date, BadPageToken for a foreign one."""
    problems = word_problems("state", request.state, (*STATES, OWED), "STATE_UNKNOWN")
    problems += word_problems("sort", request.sort, tuple(SORTS), "SORT_UNKNOWN")
    owed = request.state == OWED
    due = read_date(request.due_before) if request.due_before else None
    if request.due_before and due is None:
        problems.append(FieldProblem("due_before", "DATE_INVALID", {"value": request.due_before[:40]}))
    if problems:
        raise Invalid(problems)
    after_due, after = _place(request)
    return OrderFilter(
        "" if owed else request.state, request.urgency, request.channel, request.customer_id, request.q.strip(), due,
        owed, sort=request.sort, after=after, after_due=after_due,
    )  # fmt: skip


def _place(request: pb.ListOrdersRequest) -> tuple[date | None, UUID | None]:
    """Return what a page begins after: due date and id, of the newest first the id alone."""
    if not request.sort:
        return None, read_token("orders", request.page)
    token = request.page.page_token
    due, last = page_token.read(f"orders {request.sort}", token, date.fromisoformat, UUID, first=(None, None))
    return due, last


def order_token(sort: str, found: Sequence[Order], size: int) -> str:
    """Return the token of the page after `found`; empty when it (asked for size + 1) is the rest."""
    if not sort or len(found) <= size:
        return next_token("orders", [order.id for order in found], size)
    return page_token.write(f"orders {sort}", found[size - 1].due_date, found[size - 1].id)
