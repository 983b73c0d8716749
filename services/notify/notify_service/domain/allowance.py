"""How many messages a channel may still send: never more than its rate in any 60 seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)
APART = timedelta(seconds=2.8)  # so that a message leaves within three seconds of its cause while the minute has room


@dataclass(frozen=True, slots=True)
class Allowance:
    """`now` says whether one may go at once; else `ready_at` says when. `tight`: the minute's free messages are used."""

    now: bool
    ready_at: datetime
    tight: bool
    recent: tuple[datetime, ...]


def allowance(sent: Sequence[datetime], rate: int, now: datetime) -> Allowance:
    """Judge by the sends of the last minute; `rate` is messages a minute.

    A third of the rate may go as it comes; then sends keep apart, and what waits meanwhile leaves together. From half of
    the rate on they share out what is left of the minute, so that a rush never uses it up and waits in silence for its end.
    """
    recent = tuple(sorted(at for at in sent if at > now - WINDOW))
    if len(recent) * 3 < rate:
        return Allowance(True, now, False, recent)
    apart = min(APART, WINDOW / rate)
    if rate / 2 <= len(recent) < rate:
        apart = max(apart, (recent[0] + WINDOW - recent[-1]) / (rate - len(recent) + 1))
    ready_at = recent[-1] + apart
    if len(recent) >= rate:
        ready_at = max(ready_at, recent[-rate] + WINDOW)
    return Allowance(ready_at <= now, ready_at, True, recent)
