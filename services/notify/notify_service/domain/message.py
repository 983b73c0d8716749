"""Text of a message: a template with {fields}, filled once, when the event happened."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIELD = re.compile(r"\{([a-z][a-z0-9_]*)(?:\|([^{}]*))?\}")  # {name} or {name|what to print when it is empty}
PRIVATE = re.compile(r"phone|mobile|price|amount|contact|address")
MOBILE = re.compile(r"(?<![0-9A-Za-z])(1[3-9]\d)\d{4}(\d{4})(?![0-9A-Za-z])")
OPEN_TO_GROUPS = ("tracking_numbers",)
JOINER = "、"
# What a robot's platform could read as a mention, a tag or a link is written full-width (reliability.md 5.27).
HARMLESS = str.maketrans({"@": "＠", "<": "＜", ">": "＞"})

Words = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A filled text, or the names of what was missing."""

    text: str
    missing: tuple[str, ...] = ()


def fields_of(template: str) -> list[str]:
    """Return the field names a template uses, in order."""
    return [match.group(1) for match in FIELD.finditer(template)]


def stray_braces(template: str) -> bool:
    """True when something looks like a field and is none."""
    rest = FIELD.sub("", template)
    return "{" in rest or "}" in rest


def render(template: str, data: Mapping[str, Any], words: Words, *, group: bool) -> Rendered:
    """Fill a template from an event's data. A field without value and without default is missing, never blank (X59)."""
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        value = said(name, data.get(name), words)
        if not value and default is None:
            missing.append(name)
        return (discreet(name, value) if group else value) or default or ""

    text = FIELD.sub(fill, template)
    return Rendered(text, tuple(dict.fromkeys(missing)))


def said(name: str, value: Any, words: Words) -> str:
    """Return a value as people say it: codes become words, lists are joined, lines name item and quantity."""
    if value is None or value is False or value == "":
        return ""
    if isinstance(value, Mapping):
        return clean(_line(value))
    if isinstance(value, list | tuple):
        return JOINER.join(part for entry in value if (part := said(name, entry, words)))
    return clean(words.get(name, {}).get(str(value), str(value)))


def _line(line: Mapping[str, Any]) -> str:
    what = line.get("item_name") or line.get("item_code") or ""
    quantity = f"×{line['quantity']}{line.get('unit', '')}" if line.get("quantity") else ""
    return f"{what}{quantity}"


def clean(value: str) -> str:
    """Return text on one line that can't mention, tag or link."""
    flat = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in value)
    return flat.translate(HARMLESS).replace("://", "：//").strip()


def discreet(name: str, value: str) -> str:
    """Hide the middle of mobile numbers; parcels keep theirs."""
    return value if name in OPEN_TO_GROUPS else MOBILE.sub(r"\1****\2", value)
