"""Texts people send: bounded, without control characters that a database refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from order_service.domain.errors import FieldProblem

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
