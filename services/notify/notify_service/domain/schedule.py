"""When a message that did not arrive is tried again (reliability.md 2, row 20)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

RETRY_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2
# A channel that is down is probed by its oldest message; these probes do not count as attempts.
PROBE_AFTER = tuple(timedelta(seconds=n) for n in (2, 4, 8, 15, 30, 60))
# A vendor that says "too many" is left alone for longer each time; DingTalk's mute lasts ten minutes.
MUTE_AFTER = tuple(timedelta(seconds=n) for n in (15, 60, 300, 600))


def retry_delay(attempts: int, spin: float) -> timedelta | None:
    """Return the wait after the `attempts`-th failed attempt, or None when it was the last; `spin` is in -1..1."""
    if attempts > len(RETRY_AFTER):
        return None
    return RETRY_AFTER[attempts - 1] * (1 + JITTER * spin)


def pause(steps: Sequence[timedelta], failures: int) -> timedelta:
    """Return how long a channel rests after so many failures in a row."""
    return steps[min(max(failures, 1), len(steps)) - 1]
