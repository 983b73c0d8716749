"""Take an order in: number it, look for its twin, store it with its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from order_service.app.ports import NewOrders, Orders
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
    wish = rules.wish_of(order.source_ref, order.content_hash)
    running, order.customer_id = await orders.next_number(order.customer_id, wish)
    order.number = f"SO{submission.known.today:%Y%m%d}-{running}"
    order.submit(await orders.twin_of(order), submission.now)
    await orders.add(order)
    return order


async def submit_together(submissions: Sequence[Submission], orders: NewOrders) -> dict[UUID, Order]:
    """Return by id those that could be stored in one go, each as it would be alone. The others are to be submitted alone:
    a wish that is there twice, an order that surely repeats another, one whose customer was merged away meanwhile."""
    made = distinct([(one, make_order(one)) for one in submissions])
    numbers = await orders.next_numbers([order for _, order in made])
    held = [(one, order) for one, order in made if order.id in numbers]
    for one, order in held:
        order.number = f"SO{one.known.today:%Y%m%d}-{numbers[order.id]}"
    repeated, twins = await orders.twins_of([order for _, order in held])
    fit = [(one, order) for one, order in held if order.id not in repeated]
    for one, order in fit:
        order.submit(twins.get(order.id), one.now)
    await orders.add_all([order for _, order in fit])
    return {order.id: order for _, order in fit}


def distinct(made: Sequence[tuple[Submission, Order]]) -> list[tuple[Submission, Order]]:
    """Return the entries without those that look for a twin among those before them: they have to see it stored."""
    before: set[tuple[UUID, str]] = set()
    kept = []
    for one, order in made:
        wish = order.customer_id, rules.wish_of(order.source_ref, order.content_hash)
        if wish not in before:
            kept.append((one, order))
        before |= {wish, (order.customer_id, order.content_hash)}
    return kept


def make_order(submission: Submission) -> Order:
    """Return the order a checked entry stands for, without number."""
    entry, known = submission.entry, submission.known
    customer = known.customer
    due = read_date(entry.due_date)
    contact = rules.contact_of(entry.contact_name, entry.contact_phone, known)
    if not isinstance(customer, KnownCustomer) or due is None or contact is None:
        raise AssertionError("checked before")
    lines = [rules.make_line(line, n, due, known.items) for n, line in enumerate(entry.lines, start=1)]
    order = Order(
        id=submission.order_id, number="", customer_id=customer.id, entered_customer_id=customer.id,
        customer_name=customer.name, invoice_policy=customer.invoice_policy, contact_name=contact[0], contact_phone=contact[1], channel=entry.channel,
        source_ref=entry.source_ref.strip(), due_date=due, urgency=entry.urgency or "green",
        sales_owner=entry.sales_owner, kind=entry.kind or "firm", ship_on_receipt=entry.ship_on_receipt,
        note=entry.note, attachment_ids=entry.attachment_ids, confirm_requested=entry.confirm,
        capacity_required=known.notice.is_near([due, *(x.due_date for x in lines)]), capacity_notice_days=known.notice.days,
        content_hash=rules.content_hash(customer.id, lines), traceparent=submission.traceparent,
        created_at=submission.now, created_by=submission.actor, updated_at=submission.now, lines=lines,
    )  # fmt: skip
    order.note_talks(entry.inquired_at, entry.quoted_at)
    return order
