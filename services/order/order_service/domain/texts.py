"""What people send, checked alike everywhere: texts, words of a list, names of fields, moments."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from order_service.domain.errors import FieldProblem, Invalid

CLOCK_TOLERANCE = timedelta(minutes=10)  # so far ahead of ours may another clock be
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_date(text: str) -> date | None:
    """Return the civil date of an ISO text YYYY-MM-DD; None when it is none."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def is_clean(text: str) -> bool:
    """True when the text can be stored: no NUL."""
    return "\x00" not in text


def checked_texts(texts: Mapping[str, tuple[str, int]]) -> list[FieldProblem]:
    """Return the texts that are too long or can't be stored."""
    problems = []
    for field, (text, limit) in texts.items():
        if len(text) > limit:
            problems.append(FieldProblem(field, "TEXT_TOO_LONG", {"limit": str(limit)}))
        if not is_clean(text):
            problems.append(FieldProblem(field, "TEXT_INVALID"))
    return problems


def word_problems(
    name: str, value: str, known: Sequence[str], reason: str, *, required: bool = False
) -> list[FieldProblem]:
    """Return what is wrong with a word that must be one of those known; an empty one is fine unless `required`."""
    if value in known or not (value or required):
        return []
    return [FieldProblem(name, reason, {name: value[:40], "known": ",".join(known)})]


def check_fields(fields: Collection[str], known: Sequence[str]) -> None:
    """Raise Invalid when a field can't be changed."""
    unknown = [
        FieldProblem(name[:40], "FIELD_UNKNOWN", {"known": ",".join(known)})
        for name in sorted(fields)
        if name not in known
    ]
    if unknown:
        raise Invalid(unknown)


def moment_problems(name: str, at: datetime | None, now: datetime, reason: str) -> list[FieldProblem]:
    """Return what is wrong with a moment that must not be in the future; none given is fine."""
    if at is None or at <= now + CLOCK_TOLERANCE:
        return []
    return [FieldProblem(name, reason, {"now": now.isoformat()})]
