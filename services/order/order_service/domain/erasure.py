"""Forgetting a person at a customer: whom it means, and how they are found in texts people wrote (row 38)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from order_service.domain.customer import Contact

ERASED = "***"
SHORTEST_WORD = 2  # a name of one letter would be found in half of all texts
NATIONAL = re.compile(r"\+86(\d{11})")
_SPECIAL = re.compile(r"([][\\.^$*+?{}()|])")


@dataclass(frozen=True, slots=True)
class Person:
    """A person as an administrator names them; without name and phone everybody at the customer."""

    name: str
    phone: str

    @property
    def is_everybody(self) -> bool:
        return not (self.name or self.phone)

    def is_meant_by(self, contact: Contact) -> bool:
        """True for the same phone; for the same name where either side knows no phone."""
        if self.is_everybody or (self.phone and contact.phone == self.phone):
            return True
        return bool(self.name) and contact.name == self.name and not (self.phone and contact.phone)


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was found and made nameless."""

    contacts: int
    orders: int
    texts: int


def words_of(person: Person, contacts: Iterable[Contact]) -> list[str]:
    """Return the names and phones to look for in texts, the longest first."""
    said = {word for one in contacts for word in (one.name, one.phone)} | {person.name, person.phone}
    return sorted((word for word in said if len(word) >= SHORTEST_WORD and word != ERASED), key=lambda w: (-len(w), w))


def pattern_of(words: Iterable[str]) -> str:
    """Return a regular expression (POSIX, without look-around) that finds any of the words; empty for none.

    A phone is found however it is grouped: 13800138000, 138-0013-8000, +86 138 0013 8000.
    """
    return "|".join(_phone(word) if word[:1] == "+" and word[1:].isdigit() else _quoted(word) for word in words)


def _phone(phone: str) -> str:
    national = NATIONAL.fullmatch(phone)
    if not national:
        return r"\+?" + "[ -]*".join(phone[1:])
    return r"(\+?86[ -]*)?" + "[ -]*".join(national[1])


def _quoted(word: str) -> str:
    return _SPECIAL.sub(r"\\\1", word)
