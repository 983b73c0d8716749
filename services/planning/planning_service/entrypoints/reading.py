"""Reading requests: texts to numbers and dates, every unreadable field told at once."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from planning_service.domain.errors import FieldError, Invalid

E = TypeVar("E", bound=StrEnum)
MAX_NUMBER_LENGTH = 64
MAX_TEXT_LENGTH = 2_000
DEFAULT_PAGE, MAX_PAGE = 50, 200


class Reading:
    """Collects what can't be read; `done` raises it all at once."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def decimal(self, field: str, text: str, default: str = "0") -> Decimal:
        """Return the number; not-a-number counts as unreadable."""
        try:
            value = Decimal((text.strip() or default)[:MAX_NUMBER_LENGTH])
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or len(text) > MAX_NUMBER_LENGTH or abs(value.adjusted()) > MAX_NUMBER_LENGTH:
            self.errors.append(FieldError(field, "NOT_A_NUMBER", {"value": text[:MAX_NUMBER_LENGTH]}))
            return Decimal(default)
        return value

    def day(self, field: str, text: str) -> date | None:
        """Return the civil date; empty is None."""
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.errors.append(FieldError(field, "NOT_A_DATE", {"value": text[:40]}))
            return None

    def text(self, field: str, text: str, limit: int = MAX_TEXT_LENGTH) -> str:
        """Return the text without blanks around it; control characters and excess length are refused."""
        cleaned = text.strip()
        if "\x00" in cleaned:
            self.errors.append(FieldError(field, "INVALID_TEXT"))
            return ""
        if len(cleaned) > limit:
            self.errors.append(FieldError(field, "TOO_LONG", {"max": limit}))
        return cleaned

    def choice(self, field: str, text: str, kind: type[E]) -> E | None:
        """Return the member of an enumeration; empty is None."""
        if not text:
            return None
        try:
            return kind(text)
        except ValueError:
            allowed = ",".join(str(member) for member in kind)
            self.errors.append(FieldError(field, "NOT_ALLOWED", {"value": text[:40], "allowed": allowed}))
            return None

    def done(self) -> None:
        """Raise Invalid when anything could not be read."""
        if self.errors:
            raise Invalid(self.errors)


def instant(text: str) -> datetime | None:
    """Return an RFC 3339 instant with offset, or None when it is not one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None and 2000 <= found.year <= 9000 else None


def page_size(asked: int) -> int:
    """Return the page size: 50 unless asked otherwise, at most 200."""
    return min(max(asked, 0) or DEFAULT_PAGE, MAX_PAGE)
