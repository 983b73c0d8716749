"""Working time of the factory: shifts of the working days in its zone (S85: calendar and working hours both)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

_SHIFT = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Shifts within a day, which days are worked, and the zone they are meant in."""

    shifts: Sequence[tuple[time, time]]
    is_workday: Callable[[date], bool]
    zone: tzinfo

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """Return the working time between two instants."""
        worked = timedelta(0)
        day, last = begin.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            if self.is_workday(day):
                worked += sum((self._overlap(day, shift, begin, end) for shift in self.shifts), timedelta(0))
            day += timedelta(days=1)
        return worked

    def _overlap(self, day: date, shift: tuple[time, time], begin: datetime, end: datetime) -> timedelta:
        opens, closes = (datetime.combine(day, at, self.zone) for at in shift)
        return max(min(end, closes) - max(begin, opens), timedelta(0))


def read_shifts(text: str) -> tuple[tuple[time, time], ...]:
    """Return shifts written 08:00-12:00,13:00-17:30; raise ValueError when they are none or overlap."""
    shifts = []
    for part in text.split(","):
        found = _SHIFT.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"not a shift: {part!r}")
        shifts.append((time.fromisoformat(found[1]), time.fromisoformat(found[2])))
    edges = [edge for shift in shifts for edge in shift]
    if edges != sorted(set(edges)):
        raise ValueError(f"shifts overlap or run backwards: {text!r}")
    return tuple(shifts)
