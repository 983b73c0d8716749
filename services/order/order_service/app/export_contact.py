"""Tell what is kept of a person at a customer (issue 6, security, row 38)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from order_service.app.ports import Customers
from order_service.domain.customer import Contact
from order_service.domain.erasure import Person, pattern_of, words_of

Datum = TypeVar("Datum", covariant=True)


class Kept(Protocol, Generic[Datum]):
    """What the orders of a customer say of its people."""

    async def contacts(self, customer_id: UUID) -> list[Contact]:
        """Return the contacts named on orders, each once."""

    async def kept(
        self, customer_id: UUID, people: Sequence[Contact], words: list[str], pattern: str
    ) -> Sequence[Datum]:
        """Return every value kept of these people, with its place."""


async def export_contact(
    customer_id: str, person: Person, customers: Customers, kept: Kept[Datum]
) -> tuple[Sequence[Datum], list[str]]:
    """Return the values kept and the person's phones; raise NotFound."""
    customer = await customers.get(customer_id)
    known = [*customer.contacts, *await kept.contacts(customer.id)]
    people = [one for one in known if person.is_meant_by(one)]
    words = words_of(person, people)
    phones = sorted({one.phone for one in people if one.phone} | ({person.phone} - {""}))
    return await kept.kept(customer.id, people, words, pattern_of(words)), phones
