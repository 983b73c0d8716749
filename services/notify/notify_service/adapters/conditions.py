"""Conditions in CEL, fenced: the library can be brought down by long chains and nested macros (dependencies 4.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import cel

from notify_service.app.ports import ConditionFailed

MOST_CHARACTERS = 1000
MOST_MACROS = 2
MOST_ENTRIES = 200
MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)?")
SUBJECT = "data"
READ = re.compile(r"\bdata\b(?:\.([A-Za-z_]\w*)\b(?!\s*\())?")


def fault_of(source: str) -> str:
    """Return why the source must not even be compiled, or an empty text."""
    if len(source) > MOST_CHARACTERS:
        return f"longer than {MOST_CHARACTERS} characters"
    if len(MACRO.findall(source)) > MOST_MACROS:
        return f"more than {MOST_MACROS} macros"
    return ""


@lru_cache(maxsize=512)
def compiled(source: str) -> Any:
    """Return the program; raise ValueError."""
    fault = fault_of(source)
    if fault:
        raise ValueError(fault)
    return cel.compile(source)


@lru_cache(maxsize=512)
def fields_read(source: str) -> frozenset[str] | None:
    """Return the fields of the event a condition can see at all; None when it may look at the event as a whole.

    Handing an event over costs far more than judging one word of it.
    """
    names = READ.findall(source)
    return None if "" in names else frozenset(names)


class CelConditions:
    """Judges conditions over `data`; any fault is ConditionFailed, never another error."""

    def fault(self, source: str, sample: Mapping[str, Any]) -> str:
        """Return why `source` is not usable, or an empty text."""
        try:
            program = compiled(source)
        except ValueError as error:
            return _short(error)
        unknown = set(program.references()["variables"]) - {SUBJECT} - set(MACRO.findall(source))
        if unknown:
            return f"unknown name {', '.join(sorted(unknown))}"
        try:
            self.holds(source, sample)
        except ConditionFailed as error:
            return str(error)
        return ""

    def holds(self, source: str, data: Mapping[str, Any]) -> bool:
        """Judge one event; raise ConditionFailed."""
        if MACRO.search(source) and _longest(data) > MOST_ENTRIES:
            raise ConditionFailed(f"a list of more than {MOST_ENTRIES} entries")
        try:
            read = fields_read(source)
            seen = dict(data) if read is None else {name: data[name] for name in read if name in data}
            answer = compiled(source).execute({SUBJECT: seen})
        except Exception as error:
            raise ConditionFailed(_short(error)) from error
        if not isinstance(answer, bool):
            raise ConditionFailed("gives no true or false")
        return answer


def _longest(value: Any) -> int:
    if isinstance(value, Mapping):
        return max((_longest(entry) for entry in value.values()), default=0)
    if isinstance(value, list):
        return max(len(value), max((_longest(entry) for entry in value), default=0))
    return 0


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
