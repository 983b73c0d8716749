"""How many messages a channel may still send: never more than its rate in any 60 seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)
APART = timedelta(seconds=2.8)  # so that a message leaves within three seconds of its cause while the minute has room


@dataclass(frozen=True, slots=True)
class Allowance:
    """`now` says whether one may go at once; else `ready_at` says when. `tight`: two thirds of the minute's messages are used."""

    now: bool
    ready_at: datetime
    tight: bool
    recent: tuple[datetime, ...]


def allowance(sent: Sequence[datetime], rate: int, now: datetime) -> Allowance:
    """Judge by the sends of the last minute.

    The first two thirds of the rate may go as they come; then sends keep apart, and what waits meanwhile leaves together,
    so that the last third lasts.
    """
    recent = tuple(sorted(at for at in sent if at > now - WINDOW))
    tight = len(recent) * 3 >= rate * 2
    if not tight:
        return Allowance(True, now, False, recent)
    ready_at = recent[-1] + min(APART, WINDOW / rate)
    if len(recent) >= rate:
        ready_at = max(ready_at, recent[-rate] + WINDOW)
    return Allowance(ready_at <= now, ready_at, True, recent)
