"""Which of the waiting messages leave together, and in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

DIGEST_ABOVE = 5
LATE_AFTER = timedelta(minutes=10)
MOST_IN_ONE = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """One intent that may be sent now, oldest first."""

    id: UUID
    event_id: UUID
    event_type: str
    text: str
    recipient: str
    occurred_at: datetime
    traceparent: str = ""
    event: Mapping[str, Any] | None = None
    rested: bool = False  # quiet hours held it back


@dataclass(frozen=True, slots=True)
class DigestWords:
    """The words around the messages: `head` has {count}, `late` has {text} and {at}."""

    head: str
    late: str


def choose(waiting: Sequence[Waiting], *, merges: bool, tight: bool) -> Sequence[Waiting]:
    """Return what leaves next: the oldest alone, or all together when many wait or sends are scarce.

    What quiet hours held back leaves together when they end (X57).
    """
    many = len(waiting) > DIGEST_ABOVE or (tight and len(waiting) > 1)
    if merges and many:
        return waiting[:MOST_IN_ONE]
    if merges and waiting[0].rested:
        return [entry for entry in waiting if entry.rested][:MOST_IN_ONE]
    return waiting[:1]


def compose(
    chosen: Sequence[Waiting], *, limit: int, now: datetime, zone: ZoneInfo, words: DigestWords, plain: bool
) -> tuple[Sequence[Waiting], str]:
    """Return the messages that fit into `limit` bytes of UTF-8 and the text that carries them, each in its own words.

    `plain` leaves a single late message as it is (a customer's text is exact).
    """
    texts = [said_late(entry, now, zone, words) for entry in chosen]
    if len(chosen) == 1:
        return chosen, cut(chosen[0].text if plain else texts[0], limit)
    room = limit - len(words.head.format(count=len(chosen)).encode()) - 1
    fitting = 0
    for text in texts:
        room -= len(text.encode()) + 1
        if room < 0:
            break
        fitting += 1
    if fitting < 2:
        return chosen[:1], cut(texts[0], limit)
    return chosen[:fitting], "\n".join([words.head.format(count=fitting), *texts[:fitting]])


def said_late(entry: Waiting, now: datetime, zone: ZoneInfo, words: DigestWords) -> str:
    """Return the text, with its original time when it comes late (X55)."""
    if now - entry.occurred_at <= LATE_AFTER:
        return entry.text
    return words.late.format(text=entry.text, at=f"{entry.occurred_at.astimezone(zone):%m-%d %H:%M}")


def cut(text: str, limit: int) -> str:
    """Return at most `limit` bytes of text, whole characters."""
    encoded = text.encode()
    return text if len(encoded) <= limit else encoded[: limit - 3].decode(errors="ignore") + "…"
