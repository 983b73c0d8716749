"""Pinyin initials, so that a name is found by its first letters.

The library's dictionary of phrases costs 43 MB in every process, and only one phrase in twenty reads otherwise than its
characters one by one. A child process finds those; only they are kept here.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache

import structlog

log = structlog.get_logger()
WITHOUT = "PYPINYIN_NO_PHRASES"
SECONDS = 60
_FIND = """
import json, sys, unicodedata
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
def first(sound): return unicodedata.normalize("NFD", sound)[:1]
def alone(letter): return first(PINYIN_DICT.get(ord(letter), "").split(",")[0])
json.dump({p: s for p, s in PHRASES_DICT.items() if any(alone(l) != first(x[0]) for l, x in zip(p, s))}, sys.stdout)
"""
_reading = threading.Lock()


async def warm_up(_: asyncio.Event) -> None:
    """Look for the phrases that matter beside everything else, so that the first name need not wait."""
    await asyncio.to_thread(_reader)


def initials(name: str) -> str:
    """Return the initials of a Chinese name, lower case; other letters stay."""
    return _reader()(name).lower()


def _reader() -> Callable[[str], str]:
    with _reading:
        return _open_dictionary()


@cache
def _open_dictionary() -> Callable[[str], str]:
    os.environ[WITHOUT] = "true"
    from pypinyin import Style, lazy_pinyin, load_phrases_dict

    load_phrases_dict(_phrases())
    return lambda name: "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))


def _phrases() -> dict[str, list[list[str]]]:
    """Return the phrases a child process finds; none when it can't: a name read by its characters serves too."""
    environment = {name: value for name, value in os.environ.items() if name != WITHOUT}
    try:
        child = subprocess.run(  # noqa: S603  a constant
            [sys.executable, "-c", _FIND], env=environment, capture_output=True, timeout=SECONDS, check=True
        )
        return json.loads(child.stdout)  # type: ignore[no-any-return]
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.warning("no_pinyin_phrases", error=repr(error))
        return {}
