"""Create, change and merge customers (S8)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from order_service.app.ports import Customers
from order_service.domain.customer import CheckedCustomer, Customer
from order_service.domain.errors import FieldProblem, Invalid

FIELDS = ("name", "tier", "credit_code", "contacts", "invoice_policy")


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """New values of the named fields."""

    customer_id: str
    expected_version: int
    fields: Collection[str]
    values: CheckedCustomer


async def create_customer(customer_id: UUID, entry: CheckedCustomer, customers: Customers, now: datetime) -> Customer:
    """Return the new customer; raise Conflict naming who has the phone or credit code."""
    customer = Customer(
        customer_id, entry.name, entry.tier, entry.credit_code, entry.contacts, now, invoice_policy=entry.invoice_policy
    )
    await customers.add(customer)
    return customer


async def update_customer(change: CustomerChange, customers: Customers) -> Customer:
    """Return the changed customer; raise NotFound, Stale, IllegalMove, Conflict."""
    customer = await customers.get(change.customer_id)
    customer.check_alive("update")
    customer.check_version(change.expected_version)
    for name in change.fields:
        setattr(customer, name, getattr(change.values, name))
    await customers.save(customer)
    return customer


async def merge_customer(kept_id: str, absorbed_id: str, customers: Customers) -> Customer:
    """Return the customer that stays, with the other's contacts and orders; raise NotFound, IllegalMove, Invalid."""
    if kept_id == absorbed_id:
        raise Invalid([FieldProblem("absorbed_id", "MERGE_WITH_ITSELF")])
    kept, absorbed = await customers.pair(kept_id, absorbed_id)
    for customer in (kept, absorbed):
        customer.check_alive("merge")
    kept.absorb(absorbed)
    await customers.move_orders(absorbed.id, kept.id)
    await customers.save(kept, absorbed)
    return kept
