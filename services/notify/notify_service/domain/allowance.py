"""How many messages a channel may still send: never more than its rate in any 60 seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Allowance:
    """`now` says whether one may go at once; else `ready_at` says when. `tight`: half the minute's messages are used."""

    now: bool
    ready_at: datetime
    tight: bool
    recent: tuple[datetime, ...]


def allowance(sent: Sequence[datetime], rate: int, now: datetime) -> Allowance:
    """Judge by the sends of the last minute.

    The first half of the rate may go in a burst; then sends are spaced evenly, so that no message waits for a whole
    minute behind a burst.
    """
    recent = tuple(sorted(at for at in sent if at > now - WINDOW))
    tight = len(recent) * 2 >= rate
    if not tight:
        return Allowance(True, now, False, recent)
    ready_at = recent[-1] + WINDOW / rate
    if len(recent) >= rate:
        ready_at = max(ready_at, recent[-rate] + WINDOW)
    return Allowance(ready_at <= now, ready_at, True, recent)
