"""Opaque page tokens: where the next page of one kind of list begins, with a checksum against what no list gave out.

The checksum finds mistakes, it keeps no secret: what a token says is still read as what anybody may have written.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from chassis.errors import ChassisRefusal, FieldProblem

SEPARATOR = "\x1f"
CHECK_BYTES = 4
LARGEST = 2**63 - 1


class BadPageToken(ChassisRefusal):
    """No list of this kind gave the token out (422)."""

    reason = "PAGE_TOKEN_INVALID"

    def __init__(self) -> None:
        super().__init__()
        self.fields = (FieldProblem("page_token", self.reason),)


def write(kind: str, *place: object) -> str:
    """Return the token of the page of a `kind` of list that begins behind `place`."""
    said = SEPARATOR.join(map(str, place)).encode()
    return base64.urlsafe_b64encode(_check(kind, said) + said).decode().rstrip("=")


def read(kind: str, token: str, *readers: Callable[[str], Any], first: Sequence[Any]) -> tuple[Any, ...]:
    """Return the place a page begins behind, each part by its reader; `first` without a token; raise BadPageToken."""
    if not token:
        return tuple(first)
    try:
        parts = _opened(kind, token).split(SEPARATOR)
        return tuple(reader(part) for reader, part in zip(readers, parts, strict=True))
    except (ValueError, ArithmeticError) as error:
        raise BadPageToken from error


def text(part: str) -> str:
    """Return a text a database could hold; raise ValueError."""
    if not part.isprintable():
        raise ValueError(part)
    return part


def number(part: str) -> int:
    """Return a whole number of 64 bits; raise ValueError."""
    found = int(part) if len(part) <= len(str(-LARGEST)) else LARGEST + 1
    if abs(found) > LARGEST:
        raise ValueError(part)
    return found


def _opened(kind: str, token: str) -> str:
    raw = base64.b64decode((token + "=" * (-len(token) % 4)).encode("ascii"), altchars=b"-_", validate=True)
    check, said = raw[:CHECK_BYTES], raw[CHECK_BYTES:]
    if check != _check(kind, said):
        raise binascii.Error(kind)
    return said.decode()


def _check(kind: str, said: bytes) -> bytes:
    return zlib.crc32(said, zlib.crc32(kind.encode())).to_bytes(CHECK_BYTES, "big")
