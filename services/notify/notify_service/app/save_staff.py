"""Keep who is in the house; what was held back for want of a reader goes when there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from notify_service.domain.errors import FieldError, Invalid
from notify_service.domain.limits import text_errors
from notify_service.domain.staff import Person, Staff, staff_of

MOST_NAME, MOST_PEOPLE = 200, 10_000


class StaffBook(Protocol):
    """Who is missing, as it was told last."""

    async def save(self, staff: Staff, revision: int) -> bool:
        """Keep it unless something newer is kept already; True when kept."""
        ...

    async def release(self, staff: Staff) -> int:
        """Let mail go whose recipient is there now; return how many messages."""
        ...


async def save_staff(people: Sequence[Person], roles: Sequence[str], revision: int, book: StaffBook) -> int:
    """Return how many held messages go now; raise Invalid. `revision` grows with every change of the people."""
    errors = _errors(people, roles)
    if errors:
        raise Invalid(errors)
    staff = staff_of(people, roles)
    return await book.release(staff) if await book.save(staff, revision) else 0


def _errors(people: Sequence[Person], roles: Sequence[str]) -> list[FieldError]:
    if len(people) > MOST_PEOPLE or len(roles) > MOST_PEOPLE:
        return [FieldError("people", "TOO_MANY", {"max_length": str(MOST_PEOPLE)})]
    said = [*roles, *(text for person in people for text in (person.username, person.display_name, *person.roles))]
    return next((found for text in said if (found := text_errors(people=(text, MOST_NAME)))), [])
