"""Lengths and characters of texts that come from outside."""

from __future__ import annotations

import unicodedata

from notify_service.domain.errors import FieldError


def text_errors(**texts: tuple[str, int]) -> list[FieldError]:
    """Return the faults of fields given as (text, most characters): too long, or control characters inside."""
    errors = []
    for name, (value, most) in texts.items():
        if len(value) > most:
            errors.append(FieldError(name, "TEXT_TOO_LONG", {"max": str(most)}))
        elif any(unicodedata.category(char) in ("Cc", "Cs") and char != "\n" for char in value):
            errors.append(FieldError(name, "TEXT_INVALID"))
    return errors
