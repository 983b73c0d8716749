"""Working time of the factory: shifts of the working days in its zone (S85: calendar and working hours both)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

DAY_MINUTES = 24 * 60
_SHIFT = re.compile(r"([0-2]\d:[0-5]\d)-([0-2]\d:[0-5]\d)")
_DAY = timedelta(days=1)
Minutes = tuple[int, int]  # from and to, counted from midnight of the day a shift begins; a night shift ends after 1440


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When a working day is worked, which days are, and the zone they are meant in."""

    shifts: Sequence[Minutes]
    is_workday: Callable[[date], bool]
    zone: tzinfo
    _whole: dict[date, timedelta] = dataclasses.field(
        default_factory=dict, compare=False
    )  # what is known of whole days

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """Return the working time between two instants."""
        if end <= begin:
            return timedelta(0)
        begin, end = begin.astimezone(self.zone), end.astimezone(self.zone)
        first, last = begin.date() - _DAY, end.date()  # a night shift of the day before may still run
        edges = {first, first + _DAY, last - _DAY, last}
        worked = sum((self._cut(day, begin, end) for day in edges if first <= day <= last), timedelta(0))
        day = first + 2 * _DAY
        while day < last - _DAY:
            worked += self._of(day)
            day += _DAY
        return worked

    def _of(self, day: date) -> timedelta:
        found = self._whole.get(day)
        if found is None:
            minutes = sum(closes - opens for opens, closes in self.shifts) if self.is_workday(day) else 0
            found = self._whole[day] = timedelta(minutes=minutes)
        return found

    def _cut(self, day: date, begin: datetime, end: datetime) -> timedelta:
        if not self._of(day):
            return timedelta(0)
        midnight = datetime.combine(day, time(), self.zone)
        spans = (
            (midnight + timedelta(minutes=opens), midnight + timedelta(minutes=closes)) for opens, closes in self.shifts
        )
        return sum((max(min(end, closes) - max(begin, opens), timedelta(0)) for opens, closes in spans), timedelta(0))


def read_shifts(text: str) -> tuple[Minutes, ...]:
    """Return shifts written 08:00-12:00,13:00-17:30; raise ValueError when they are none or overlap."""
    shifts = []
    for part in text.split(","):
        found = _SHIFT.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"not a shift: {part!r}")
        shifts.append((minute_of(found[1]), minute_of(found[2])))
    edges = [edge for shift in shifts for edge in shift]
    if edges != sorted(set(edges)):
        raise ValueError(f"shifts overlap or run backwards: {text!r}")
    return tuple(shifts)


def minute_of(text: str) -> int:
    """Return the minute of the day 08:30 stands for; 24:00 ends a day; raise ValueError for anything else."""
    if text == "24:00":
        return DAY_MINUTES
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute


def clock_of(minute: int) -> str:
    """Return a minute of a day, or of the next, as people write it; a day's end is 24:00."""
    minute = minute if minute == DAY_MINUTES else minute % DAY_MINUTES
    return f"{minute // 60:02d}:{minute % 60:02d}"
