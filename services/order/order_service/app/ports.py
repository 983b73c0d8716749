"""What the use cases ask of the outside; one transaction stands behind each of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from order_service.app.facts import InvoiceTask, Shipment, ShipmentLine
from order_service.domain.complaint import Complaint
from order_service.domain.customer import Customer
from order_service.domain.invoicing import Part, Returned, Share
from order_service.domain.line import Totals
from order_service.domain.order import Order


class Orders(Protocol):
    """Orders; everything got is locked to the end of the transaction."""

    async def get(self, ref: str) -> Order:
        """Return by id or number; raise NotFound."""

    async def next_number(self, customer_id: UUID, entry_key: str) -> tuple[str, UUID]:
        """Return the next running number, and the customer or who absorbed it meanwhile; hold other entries of the wish."""

    async def hold_wish(self, customer_id: UUID, entry_key: str) -> None:
        """Hold other entries of the same wish meanwhile."""

    async def twin_of(self, order: Order) -> tuple[str, str] | None:
        """Return number and sales owner of the order this one may repeat; raise Conflict when it surely does."""

    async def add(self, order: Order) -> None:
        """Store a new order and tell its events."""

    async def save(self, order: Order) -> None:
        """Store what changed and tell its events."""

    async def note(self, number: str, what: str, words: Mapping[str, str], moments: Mapping[str, datetime]) -> UUID:
        """Note what happened to an order's goods without loading it; raise NotFound."""


class NewOrders(Protocol):
    """New orders of several callers in one transaction."""

    async def next_numbers(self, orders: Sequence[Order]) -> Mapping[UUID, str]:
        """Return running numbers by order, without those whose customer was merged away; hold other entries of the wishes."""

    async def twins_of(self, orders: Sequence[Order]) -> tuple[Set[UUID], Mapping[UUID, tuple[str, str]]]:
        """Return which surely repeat an order, and by order the number and sales owner of one it may repeat."""

    async def add_all(self, orders: Sequence[Order]) -> None:
        """Store new orders and tell their events, each as its own caller."""


class Customers(Protocol):
    """The customer library."""

    async def get(self, customer_id: str) -> Customer:
        """Return, locked; raise NotFound."""

    async def pair(self, first: str, second: str) -> tuple[Customer, Customer]:
        """Return two, locked in one order for all; raise NotFound."""

    async def add(self, customer: Customer) -> None:
        """Store a new one; raise Conflict naming who has the phone or credit code."""

    async def save(self, *customers: Customer) -> None:
        """Store changed ones; raise Conflict."""

    async def move_orders(self, absorbed: UUID, kept: UUID) -> None:
        """Give all orders of one customer to another."""


class Goods(Protocol):
    """Facts about goods, each stored once."""

    async def add_receipt(self, number: str, order_id: UUID, line_no: int, quantity: Decimal, at: datetime) -> None:
        """Store a receipt of finished goods."""

    async def add_shipment(self, shipment: Shipment) -> None:
        """Store a shipment's lines; those not told don't count yet."""

    async def unshared_returns(self, order_id: UUID) -> list[Returned]:
        """Return what came back and no shipment answers for yet, oldest first."""

    async def add_shares(self, order_id: UUID, shares: Sequence[Share]) -> None:
        """Store which shipments returned goods came from."""

    async def add_return(
        self, number: str, order_id: UUID, lines: Sequence[ShipmentLine], reason: str, at: datetime
    ) -> None:
        """Store a return."""

    async def totals(self, order_id: UUID) -> Mapping[int, Totals]:
        """Return the sums per line."""

    async def tracking_numbers(self, order_id: UUID) -> tuple[str, ...]:
        """Return every tracking number of an order, in order of shipping."""

    async def shipment(self, ref: str) -> Shipment | None:
        """Return by id or number, locked; None without a copy."""

    async def sign(self, number: str, by: str, at: datetime) -> None:
        """Note who signed; the first signature stays."""


class Invoices(Protocol):
    """Invoice tasks."""

    async def open_task(self, order_id: UUID, shipment: str, at: datetime) -> UUID | None:
        """Open the task of a shipment, or of the whole order; None when it is open already."""

    async def reopen_task(self, order_id: UUID, shipment: str, at: datetime) -> UUID | None:
        """Open a closed task again; None when there is none."""

    async def has_whole_task(self, order_id: UUID) -> bool:
        """True when a task for the whole order was ever opened."""

    async def parts(self, order_id: UUID) -> list[Part]:
        """Return the shipped lines of an order in order of shipping."""

    async def mark_overdue(self, task_id: UUID, before: datetime, now: datetime) -> datetime | None:
        """Mark an open task due from before a moment, once; return from when it was due, None when it is not to be told."""

    async def order_of(self, task_id: str) -> str:
        """Return the number of the task's order; raise NotFound."""

    async def task(self, task_id: str) -> InvoiceTask:
        """Return, locked; raise NotFound."""

    async def has_invoice(self, task_id: UUID, invoice_no: str) -> bool:
        """True when this invoice was recorded before."""

    async def record(self, task: InvoiceTask, invoice_no: str, lines: Mapping[int, Decimal], at: datetime) -> None:
        """Store an invoice and close the task."""


class Complaints(Protocol):
    """Complaints of customers."""

    async def add(self, complaint: Complaint) -> None:
        """Store a new one."""

    async def order_of(self, complaint_id: str) -> str:
        """Return the number of the complaint's order; raise NotFound."""

    async def get(self, complaint_id: str) -> Complaint:
        """Return, locked; raise NotFound."""

    async def save(self, complaint: Complaint) -> None:
        """Store how it ended."""


class Shortages(Protocol):
    """Waits for material."""

    async def begin(self, order_id: UUID, demand: str, item_code: str, at: datetime) -> None:
        """Note that an item is short; once, until cleared."""

    async def end(self, order_id: UUID, demand: str, item_code: str, at: datetime) -> None:
        """Note that it no longer is."""
