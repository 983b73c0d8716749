"""Forget a person at a customer; orders and figures stay (issue 6, security, row 38)."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from order_service.app.ports import Customers
from order_service.domain.customer import Contact
from order_service.domain.erasure import Erased, Person, pattern_of, words_of


class Traces(Protocol):
    """What the orders of a customer say of its people."""

    async def contacts(self, customer_id: UUID) -> list[Contact]:
        """Return the contacts named on orders, each once."""

    async def erase_orders(self, customer_id: UUID, people: list[Contact]) -> list[str]:
        """Make the orders of these contacts nameless and end their tracking links; return their numbers."""

    async def erase_texts(self, customer_id: UUID, words: list[str], pattern: str) -> int:
        """Blank the words in notes, complaints, timeline and signatures; return how many texts."""

    async def erase_answers(self, customer_id: UUID, words: list[str]) -> None:
        """Blank the words in answers kept for repeated requests."""

    def tell(self, customer_id: UUID, orders: list[str], *, everybody: bool) -> None:
        """Tell the other services."""


async def erase_contact(customer_id: str, person: Person, customers: Customers, traces: Traces) -> Erased:
    """Return how much was found; a second time nothing is. Raise NotFound, IllegalMove."""
    customer = await customers.get(customer_id)
    customer.check_alive("erase_contact")
    gone = [one for one in customer.contacts if person.is_meant_by(one)]
    on_orders = [one for one in await traces.contacts(customer.id) if person.is_meant_by(one)]
    words = words_of(person, [*gone, *on_orders])
    orders = await traces.erase_orders(customer.id, on_orders)
    texts = await traces.erase_texts(customer.id, words, pattern_of(words)) if words else 0
    if gone:
        customer.contacts = [one for one in customer.contacts if one not in gone]
        await customers.save(customer)
    if gone or orders or texts:
        await traces.erase_answers(customer.id, words)
        traces.tell(customer.id, orders, everybody=not customer.contacts)
    return Erased(len(gone), len(orders), texts)
