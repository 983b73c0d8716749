"""Take an order in: number it, look for its twin, store it with its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from order_service.app.ports import Orders
from order_service.domain import entry as rules
from order_service.domain.entry import Known, KnownCustomer, OrderEntry
from order_service.domain.order import Order
from order_service.domain.texts import read_date


@dataclass(frozen=True, slots=True)
class Submission:
    """A checked entry with what stands around it."""

    order_id: UUID
    entry: OrderEntry
    known: Known
    traceparent: str
    actor: str
    now: datetime


async def submit_order(submission: Submission, orders: Orders) -> Order:
    """Return the stored order; raise Conflict when it is a repetition (X5), Invalid was raised before."""
    order = make_order(submission)
    entry_key = order.source_ref or order.content_hash
    running, order.customer_id = await orders.next_number(order.customer_id, entry_key)
    order.number = f"SO{submission.known.today:%Y%m%d}-{running}"
    order.note_talks(submission.entry.inquired_at, submission.entry.quoted_at)
    order.submit(await orders.twin_of(order), submission.now)
    await orders.add(order)
    return order


def make_order(submission: Submission) -> Order:
    """Return the order a checked entry stands for, without number."""
    entry, known = submission.entry, submission.known
    customer = known.customer
    due = read_date(entry.due_date)
    contact = rules.contact_of(entry.contact_name, entry.contact_phone, known)
    if not isinstance(customer, KnownCustomer) or due is None or contact is None:
        raise AssertionError("checked before")
    lines = [rules.make_line(line, n, due, known.items) for n, line in enumerate(entry.lines, start=1)]
    return Order(
        id=submission.order_id, number="", customer_id=customer.id, entered_customer_id=customer.id,
        customer_name=customer.name, invoice_policy=customer.invoice_policy, contact_name=contact[0], contact_phone=contact[1], channel=entry.channel,
        source_ref=entry.source_ref.strip(), due_date=due, urgency=entry.urgency or "green",
        sales_owner=entry.sales_owner, kind=entry.kind or "firm", ship_on_receipt=entry.ship_on_receipt,
        note=entry.note, attachment_ids=entry.attachment_ids, confirm_requested=entry.confirm,
        capacity_required=known.notice.is_near([due, *(x.due_date for x in lines)]), capacity_notice_days=known.notice.days,
        content_hash=rules.content_hash(customer.id, lines), traceparent=submission.traceparent,
        created_at=submission.now, created_by=submission.actor, updated_at=submission.now, lines=lines,
    )  # fmt: skip
