"""Pinyin initials, so that a name is found by its first letters."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def initials(name: str) -> str:
    """Return the initials of a Chinese name, lower case; other letters stay."""
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).replace(" ", "").lower()
