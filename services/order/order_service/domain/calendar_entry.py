"""Rules of a calendar somebody enters: every field problem at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from order_service.domain.calendar import Calendar, Shift, SpecialDay
from order_service.domain.errors import FieldProblem, Invalid
from order_service.domain.texts import checked_texts, read_date
from order_service.domain.working_time import DAY_MINUTES, Minutes, minute_of

MOST_SHIFTS, MOST_BREAKS, MOST_DAYS = 6, 6, 2_000
NAME_LENGTH, REASON_LENGTH = 60, 200
YEARS = (2000, 2099)
KINDS = {"working": True, "holiday": False}
_CLOCK = re.compile(r"(([01]\d|2[0-3]):[0-5]\d|24:00)")


@dataclass(frozen=True, slots=True)
class ShiftEntry:
    """A shift as it is typed: 20:00 to 05:00 is a night shift."""

    begin: str
    end: str
    breaks: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class DayEntry:
    """A special day as it is typed."""

    date: str
    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A whole calendar as it is typed, with the reason for changing it."""

    weekdays: Sequence[int]
    shifts: Sequence[ShiftEntry]
    days: Sequence[DayEntry]
    public_holidays: bool
    reason: str = ""


def check_calendar(entry: CalendarEntry) -> Calendar:
    """Return the calendar; raise Invalid with every field that makes no sense."""
    problems: list[FieldProblem] = list(_week_problems(entry.weekdays))
    shifts = _shifts(entry.shifts[: MOST_SHIFTS + 1], problems)
    days = _days(entry.days[: MOST_DAYS + 1], problems)
    problems += checked_texts({"reason": (entry.reason, REASON_LENGTH)})
    if problems:
        raise Invalid(problems)
    return Calendar(shifts, frozenset(entry.weekdays), days, entry.public_holidays)


def _week_problems(weekdays: Sequence[int]) -> Iterator[FieldProblem]:
    if not weekdays:
        yield FieldProblem("working_weekdays", "REQUIRED")
    if any(not 1 <= day <= 7 for day in weekdays):
        yield FieldProblem("working_weekdays", "WEEKDAY_UNKNOWN")
    if len(set(weekdays)) != len(weekdays):
        yield FieldProblem("working_weekdays", "DAY_TWICE")


def _shifts(entries: Sequence[ShiftEntry], problems: list[FieldProblem]) -> tuple[Shift, ...]:
    if not entries:
        problems.append(FieldProblem("shifts", "REQUIRED"))
    if len(entries) > MOST_SHIFTS:
        problems.append(FieldProblem("shifts", "TOO_MANY", {"max_length": str(MOST_SHIFTS)}))
        return ()
    found = {n: shift for n, entry in enumerate(entries) if (shift := _shift(f"shifts.{n}", entry, problems))}
    problems += _overlaps(found)
    return tuple(sorted(found.values(), key=lambda shift: shift.begin))


def _shift(field: str, entry: ShiftEntry, problems: list[FieldProblem]) -> Shift | None:
    span = _span(field, entry.begin, entry.end, problems)
    if len(entry.breaks) > MOST_BREAKS:
        problems.append(FieldProblem(f"{field}.breaks", "TOO_MANY", {"max_length": str(MOST_BREAKS)}))
        return None
    breaks = [_span(f"{field}.breaks.{n}", *pause, problems) for n, pause in enumerate(entry.breaks)]
    if span is None or None in breaks:
        return None
    placed = sorted(_within(pause, span[0]) for pause in breaks if pause)
    edges = [span[0], *(edge for pause in placed for edge in pause), span[1]]
    if any(later < earlier for earlier, later in pairwise(edges)):
        problems.append(FieldProblem(f"{field}.breaks", "BREAK_OUTSIDE_SHIFT"))
        return None
    return Shift(*span, tuple(placed))


def _within(pause: Minutes, begin: int) -> Minutes:
    """Return a break after midnight as minutes of the day its night shift began."""
    later = DAY_MINUTES if pause[0] < begin else 0
    return pause[0] + later, pause[1] + later


def _span(field: str, begin: str, end: str, problems: list[FieldProblem]) -> Minutes | None:
    """Return from and to in minutes; an end not after its beginning is on the next day."""
    wrong = [name for name, text in (("begin", begin), ("end", end)) if not _CLOCK.fullmatch(text)]
    problems += [FieldProblem(f"{field}.{name}", "CLOCK_INVALID") for name in wrong]
    if wrong:
        return None
    opens, closes = minute_of(begin) % DAY_MINUTES, minute_of(end)
    if opens == closes:
        problems.append(FieldProblem(f"{field}.end", "SHIFT_EMPTY"))
        return None
    return opens, closes if closes > opens else closes + DAY_MINUTES


def _overlaps(shifts: Mapping[int, Shift]) -> Iterator[FieldProblem]:
    """Yield each shift that begins before the one ahead of it ends, in a day or across midnight."""
    ordered = sorted(shifts.items(), key=lambda one: one[1].begin)
    for (_, earlier), (n, later) in pairwise(ordered):
        if later.begin < earlier.end:
            yield FieldProblem(f"shifts.{n}.begin", "SHIFTS_OVERLAP")
    if ordered and ordered[-1][1].end - DAY_MINUTES > ordered[0][1].begin:
        yield FieldProblem(f"shifts.{ordered[0][0]}.begin", "SHIFTS_OVERLAP")


def _days(entries: Sequence[DayEntry], problems: list[FieldProblem]) -> dict[date, SpecialDay]:
    if len(entries) > MOST_DAYS:
        problems.append(FieldProblem("days", "TOO_MANY", {"max_length": str(MOST_DAYS)}))
        return {}
    days: dict[date, SpecialDay] = {}
    for n, entry in enumerate(entries):
        day = _day(f"days.{n}", entry, problems)
        if day in days:
            problems.append(FieldProblem(f"days.{n}.date", "DAY_TWICE"))
        if day is not None and entry.kind in KINDS:
            days[day] = SpecialDay(KINDS[entry.kind], entry.name)
    return dict(sorted(days.items()))


def _day(field: str, entry: DayEntry, problems: list[FieldProblem]) -> date | None:
    problems += checked_texts({f"{field}.name": (entry.name, NAME_LENGTH)})
    if entry.kind not in KINDS:
        problems.append(FieldProblem(f"{field}.kind", "DAY_KIND_UNKNOWN"))
    day = read_day(entry.date)
    if day is None:
        problems.append(FieldProblem(f"{field}.date", "DATE_INVALID", {"value": entry.date[:40]}))
    return day


def read_day(text: str) -> date | None:
    """Return the civil date a text stands for; None for none, or one far away."""
    day = read_date(text)
    return day if day and YEARS[0] <= day.year <= YEARS[1] else None
