"""What a call leaves beside its answer: whether it was a replay, and the marks of the events it caused.

The marks let the caller's next query, in any service, wait until that service has seen them, so that an answered
command is visible everywhere (contract 2, docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import accumulate
from urllib.parse import quote, unquote

from chassis.outbox import Mark

REPLAYED_KEY = "x-orderhub-replayed"
MARKS_KEY = "x-orderhub-marks"
AFTER_KEY = "x-orderhub-after"
METADATA_BYTES = 64 * 1024  # what a call may carry beside its message; gRPC's own limit of 8 KiB holds 150 marks
MARKS_BYTES = 48 * 1024


@dataclass(slots=True)
class Notes:
    """Beside one answer."""

    replayed: bool = False
    marks: list[Mark] = field(default_factory=list)


current: ContextVar[Notes | None] = ContextVar("notes", default=None)
after: ContextVar[tuple[Mark, ...]] = ContextVar("after", default=())  # what calls made from here must have seen


def note_replayed() -> None:
    """Say that the running call answers with a stored answer."""
    notes = current.get()
    if notes is not None:
        notes.replayed = True


def note_marks(marks: Iterable[Mark]) -> None:
    """Say which events the running call caused."""
    notes = current.get()
    if notes is not None:
        notes.marks.extend(marks)


def to_text(marks: Iterable[Mark]) -> str:
    """Write marks for metadata, which is ASCII while item codes may be Chinese; too many leave the earliest out."""
    written = [f"{mark.source}|{quote(mark.subject)}|{mark.sequence}" for mark in marks]
    lengths = accumulate(len(one) + 1 for one in reversed(written))
    fitting = sum(1 for length in lengths if length <= MARKS_BYTES)
    return ";".join(written[len(written) - fitting :])


def from_text(value: str) -> list[Mark]:
    """Read marks from metadata; anything unreadable is left out."""
    parts = (entry.split("|") for entry in value.split(";") if entry)
    return [Mark(part[0], unquote(part[1]), int(part[2])) for part in parts if len(part) == 3 and part[2].isdigit()]


def from_metadata(metadata: Mapping[str, str | bytes]) -> Notes:
    """Read the notes a call's trailing metadata carries."""
    return Notes(metadata.get(REPLAYED_KEY) == "1", from_text(str(metadata.get(MARKS_KEY, ""))))
