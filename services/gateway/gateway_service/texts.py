"""The Chinese texts of the gateway, by reason and parameters (texts_zh_CN.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

OTHER_NAMES = {  # what some services call a parameter
    "item_code": ("item",),
    "expected": ("allowed", "known"),
    "max_length": ("max", "limit"),
    "number": ("order", "production_order", "key"),
    "path": ("loop",),
}


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return next((self[other] for other in OTHER_NAMES.get(key, ()) if other in self), "?")


@cache
def book() -> dict[str, Any]:
    """Return every section of the text file."""
    return tomllib.loads(files("gateway_service").joinpath("texts_zh_CN.toml").read_text("utf-8"))


def fill(template: str, params: Mapping[str, str]) -> str:
    """Put params into `{name}` places; a missing one shows as a question mark, never as an error."""
    return template.format_map(_Lenient(params))


def say(section: str, reason: str, params: Mapping[str, str] | None = None, otherwise: str | None = None) -> str:
    """Return the sentence for a reason; `otherwise` or the reason itself when nobody wrote one."""
    found = book()[section].get(reason)
    if found is None:
        return reason if otherwise is None else otherwise
    return fill(found, params or {})
