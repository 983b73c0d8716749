"""Who is in the house: roles nobody holds, and people who have left (S26, X58)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One user of the house; messages may be meant for either name, or for a role."""

    username: str
    display_name: str
    roles: frozenset[str]
    active: bool

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.username, self.display_name}) - {""}


@dataclass(frozen=True, slots=True)
class Staff:
    """`vacant`: roles nobody holds; `gone`: names of people who may no longer sign in."""

    vacant: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()

    def lacks(self, recipient: str) -> bool:
        """True when mail for this recipient would be read by nobody; names the house does not know are not judged."""
        return recipient in self.vacant or recipient in self.gone


NOBODY_MISSING = Staff()


def staff_of(people: Iterable[Person], roles: Collection[str]) -> Staff:
    """Return who is missing; a name somebody active bears too, or that is a role's, is not gone."""
    here, left = set[str](), set[str]()
    held = set[str]()
    for person in people:
        (here if person.active else left).update(person.names)
        held.update(person.roles if person.active else ())
    return Staff(frozenset(roles) - held, frozenset(left - here - set(roles)))
