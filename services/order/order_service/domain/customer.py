"""Customers: several contacts, phones and credit codes that belong to one customer only (S8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from order_service.domain.errors import FieldProblem, IllegalMove, Invalid, Stale
from order_service.domain.invoicing import POLICIES, WHEN_COMPLETE
from order_service.domain.texts import checked_texts, word_problems

CONTACT_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer; the phone is normalised or empty."""

    name: str
    phone: str


@dataclass(slots=True)
class Customer:
    """One customer of the library."""

    id: UUID
    name: str
    tier: str
    credit_code: str
    contacts: list[Contact]
    created_at: datetime
    version: int = 1
    merged_into: UUID | None = None
    invoice_policy: str = WHEN_COMPLETE

    @property
    def phones(self) -> list[str]:
        return sorted({contact.phone for contact in self.contacts if contact.phone})

    def check_version(self, expected: int) -> None:
        """Raise Stale when the caller saw another version."""
        if expected and expected != self.version:
            raise Stale(expected, self.version)

    def check_alive(self, move: str) -> None:
        """Raise IllegalMove when this customer was merged away."""
        if self.merged_into is not None:
            raise IllegalMove(move, self.name, "merged", (), reason="CUSTOMER_MERGED")

    def absorb(self, other: Customer) -> None:
        """Take over another's contacts (each once); its orders follow."""
        known = set(self.contacts)
        self.contacts += [contact for contact in other.contacts if contact not in known]
        self.credit_code = self.credit_code or other.credit_code
        other.contacts, other.merged_into = [], self.id


@dataclass(frozen=True, slots=True)
class CustomerEntry:
    """A customer as typed."""

    name: str
    tier: str
    credit_code: str
    contacts: Sequence[tuple[str, str]]  # name, phone
    invoice_policy: str = WHEN_COMPLETE


@dataclass(frozen=True, slots=True)
class CheckedCustomer:
    """A customer entry that may be stored."""

    name: str
    tier: str
    credit_code: str
    contacts: list[Contact]
    invoice_policy: str = WHEN_COMPLETE


def check_customer(entry: CustomerEntry, normalise: Callable[[str], str | None]) -> CheckedCustomer:
    """Return the cleaned entry; raise Invalid with every problem."""
    texts = {"name": (entry.name, 200), "tier": (entry.tier, 40), "credit_code": (entry.credit_code, 40)}
    problems = checked_texts(texts)
    if not entry.name.strip():
        problems.append(FieldProblem("name", "REQUIRED"))
    problems += word_problems("invoice_policy", entry.invoice_policy, POLICIES, "INVOICE_POLICY_UNKNOWN", required=True)
    if len(entry.contacts) > CONTACT_LIMIT:
        problems.append(FieldProblem("contacts", "TOO_MANY_CONTACTS", {"limit": str(CONTACT_LIMIT)}))
    contacts = []
    for n, (name, phone) in enumerate(entry.contacts[:CONTACT_LIMIT]):
        problems += checked_texts({f"contacts.{n}.name": (name, 100)})
        number = normalise(phone) if phone.strip() else ""
        if number is None:
            problems.append(FieldProblem(f"contacts.{n}.phone", "PHONE_INVALID", {"phone": phone[:40]}))
        elif not (number or name.strip()):
            problems.append(FieldProblem(f"contacts.{n}", "REQUIRED"))
        contacts.append(Contact(name.strip(), number or ""))
    if problems:
        raise Invalid(problems)
    name, tier, code = (value.strip() for value in (entry.name, entry.tier, entry.credit_code))
    return CheckedCustomer(name, tier, code.upper(), contacts, entry.invoice_policy)
