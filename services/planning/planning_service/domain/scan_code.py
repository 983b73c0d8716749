"""Codes on paper: which production order, which operation of it, which single piece; and what else a scanner may read.

`PO20261122-0001` names a production order, `PO20261122-0001.20` its operation 20, `PO20261122-0001-U7` its seventh piece,
`PO20261122-0001-U7.20` that piece at operation 20. Letters, digits, `-` and `.` only: every keyboard wedge types them alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_SERIAL = 32
_OURS = re.compile(r"(?P<number>PO\d{8}-\d{4,})(?:-U(?P<serial>[0-9A-Za-z]{1,32}))?(?:\.(?P<sequence>\d{1,6}))?")
_ANY_OURS = re.compile(r"(?:PO|SO|SH|GR|RT)\d{8}-\d{4,}")
_GS1 = re.compile(r"\][A-Za-z]\d|\(\d{2,4}\)|\x1d|\d{8}|\d{12,14}|(?:01|02)\d{14}(?:(?:10|17|21)[!-~]*)?")
KINDS = {"SO": "CODE_IS_ORDER", "SH": "CODE_IS_SHIPMENT", "GR": "CODE_IS_RECEIPT", "RT": "CODE_IS_RETURN"}


@dataclass(frozen=True, slots=True)
class ScanCode:
    """What a code names: a production order by number or id, perhaps one operation, perhaps one piece."""

    key: str
    sequence: int | None = None
    serial: str | None = None


def read_code(text: str) -> ScanCode:
    """Return what a code names; a text of another form is taken as a key."""
    found = _OURS.fullmatch(text.strip())
    if found is None:
        return ScanCode(text.strip())
    return ScanCode(found["number"], int(found["sequence"]) if found["sequence"] else None, found["serial"])


def operation_code(number: str, sequence: int) -> str:
    """Return the code that names one operation."""
    return f"{number}.{sequence}"


def why_unknown(text: str) -> str:
    """Return the reason that tells a worker what was scanned instead of a traveller (X41)."""
    if len(_ANY_OURS.findall(text)) > 1 or (len(text.split()) > 1 and _ANY_OURS.search(text)):
        return "CODE_BURST"
    if _ANY_OURS.fullmatch(text) and text[:2] in KINDS:
        return KINDS[text[:2]]
    if _OURS.fullmatch(text.strip()):
        return "CODE_OF_NO_JOB"
    if _GS1.match(text) and (_GS1.fullmatch(text) or text[0] in "](\x1d" or "\x1d" in text):
        return "CODE_IS_GS1"
    return "CODE_IS_LINK" if "://" in text else "CODE_UNKNOWN"
