"""The factory's calendar: which weekdays are worked, in which shifts, and the days that are different (S85)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from types import MappingProxyType

from order_service.domain.working_time import Minutes, WorkingTime

WEEKDAYS = frozenset({1, 2, 3, 4, 5})  # ISO 8601: Monday is 1


@dataclass(frozen=True, slots=True)
class PublicDay:
    """What the state council says of a day: a public holiday, or a day worked in exchange for one."""

    working: bool
    name: str  # stable code of the holiday, for example national_day


Published = Callable[[date], PublicDay | None]


@dataclass(frozen=True, slots=True)
class Shift:
    """From and to in minutes of the day it begins (a night shift ends after 1440), and the breaks within."""

    begin: int
    end: int
    breaks: Sequence[Minutes] = ()

    def worked(self) -> list[Minutes]:
        """Return the parts of the shift between its breaks."""
        edges = [self.begin, *(edge for pause in sorted(self.breaks) for edge in pause), self.end]
        parts = zip(edges[::2], edges[1::2], strict=True)
        return [(opens, closes) for opens, closes in parts if closes > opens]


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day the factory itself decided about: it works, or it does not."""

    working: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class DayType:
    """Whether a day is worked, who says so (factory public week), and what it is called."""

    working: bool
    source: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Version 0 stands for a calendar nobody has changed yet."""

    shifts: Sequence[Shift]
    weekdays: frozenset[int] = WEEKDAYS
    days: Mapping[date, SpecialDay] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    public_holidays: bool = True

    def day(self, day: date, published: Published) -> DayType:
        """Return what a day is: the factory's own word first, then the public holidays, then the weekday."""
        own = self.days.get(day)
        if own is not None:
            return DayType(own.working, "factory", own.name)
        public = published(day) if self.public_holidays else None
        if public is not None:
            return DayType(public.working, "public", public.name)
        return DayType(day.isoweekday() in self.weekdays, "week")

    def worked(self) -> list[Minutes]:
        """Return when a working day is worked, in order."""
        return sorted(part for shift in self.shifts for part in shift.worked())

    def minutes(self) -> int:
        """Return the minutes of a working day."""
        return sum(closes - opens for opens, closes in self.worked())

    def working_time(self, published: Published, zone: tzinfo) -> WorkingTime:
        """Return what measures time by this calendar."""
        return WorkingTime(self.worked(), lambda day: self.day(day, published).working, zone)
