"""Phone numbers in one form: E.164, China by default (S15)."""

from __future__ import annotations

import phonenumbers

REGION = "CN"


def normalise(typed: str) -> str | None:
    """Return a phone as +86...; None when it can't be one."""
    if len(typed) > 40:
        return None
    try:
        number = phonenumbers.parse(typed, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
