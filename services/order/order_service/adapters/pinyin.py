"""A customer's initials as the phone desk types them: without blanks."""

from __future__ import annotations

from chassis import initials as pinyin


def initials(name: str) -> str:
    """Return the initials of a Chinese name, lower case; other letters stay."""
    return pinyin.initials(name).replace(" ", "")
