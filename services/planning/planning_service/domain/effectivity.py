"""Effectivity: spans of civil dates, both ends included; an open end reaches for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_DAY = date.min
LAST_DAY = date.max


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `start` to `end`, both included; None is open."""

    start: date | None = None
    end: date | None = None

    def contains(self, day: date) -> bool:
        """Say whether the day lies in the span."""
        if self.start is None and self.end is None:
            return True
        return (self.start or FIRST_DAY) <= day <= (self.end or LAST_DAY)

    def overlaps(self, other: Span) -> bool:
        """Say whether the two spans share a day."""
        latest_start = max(self.start or FIRST_DAY, other.start or FIRST_DAY)
        return latest_start <= min(self.end or LAST_DAY, other.end or LAST_DAY)

    def is_backwards(self) -> bool:
        """Say whether the span ends before it starts."""
        return self.start is not None and self.end is not None and self.end < self.start

    def changes(self) -> Iterator[date]:
        """Yield the days on which membership changes: the first day inside and the first day after."""
        if self.start is not None:
            yield self.start
        if self.end is not None and self.end < LAST_DAY:
            yield self.end + timedelta(days=1)


ALWAYS = Span()
"""The span nearly every line has: one object for all of them."""


def span(start: date | None, end: date | None) -> Span:
    """Return the span of these days."""
    return Span(start, end) if start or end else ALWAYS


def steady_around(day: date, changes: Iterator[date]) -> Span:
    """Return the widest span around the day in which none of the changes happens."""
    start, after = FIRST_DAY, LAST_DAY
    for change in changes:
        if change <= day:
            start = max(start, change)
        else:
            after = min(after, change)
    return Span(start, LAST_DAY if after == LAST_DAY else after - timedelta(days=1))
