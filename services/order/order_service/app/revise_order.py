"""Change an order: only the named fields, against the version the caller saw."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from order_service.app.ports import Orders
from order_service.domain.entry import Known, OrderEntry
from order_service.domain.order import Order
from order_service.domain.revision import FIELDS, Revision, check_revision, revise


@dataclass(frozen=True, slots=True)
class Change:
    """A wish to change an order."""

    order: str
    expected_version: int
    fields: Collection[str]
    entry: OrderEntry


async def revise_order(change: Change, known: Known, orders: Orders) -> Order:
    """Return the changed order; raise Invalid, NotFound, Stale, IllegalMove, Conflict."""
    order = await orders.get(change.order)
    order.check_version(change.expected_version)
    order.check_allowed("revise")
    revision = Revision(tuple(name for name in FIELDS if name in change.fields), change.entry)
    check_revision(revision, order, known)
    if not revise(order, revision, known):
        return order
    if "source_ref" in change.fields and order.source_ref:
        await orders.hold_wish(order.customer_id, order.source_ref)
        await orders.twin_of(order)
    await orders.save(order)
    return order
