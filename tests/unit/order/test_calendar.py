"""The factory's calendar: which days are worked, and what somebody may enter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from order_service.adapters.factory_calendar import published
from order_service.domain.calendar import Calendar, DayType, PublicDay, Shift, SpecialDay
from order_service.domain.calendar_entry import CalendarEntry, DayEntry, ShiftEntry, check_calendar
from order_service.domain.errors import Invalid
from order_service.domain.working_time import clock_of

ZONE = ZoneInfo("Asia/Shanghai")
DAY_SHIFT = Shift(480, 1050, ((720, 780),))  # 08:00 to 17:30, an hour at noon
ENTRY = CalendarEntry([1, 2, 3, 4, 5], [ShiftEntry("08:00", "17:30", [("12:00", "13:00")])], [], True)


def problems(entry: CalendarEntry) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        check_calendar(entry)
    return [(one.field, one.reason) for one in refusal.value.fields]


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2026, 10, 1), DayType(False, "public", "national_day")),
        (date(2026, 10, 10), DayType(True, "public", "national_day")),  # a Saturday worked for it
        (date(2026, 11, 21), DayType(False, "week")),  # a Saturday
        (date(2026, 11, 23), DayType(True, "week")),
        (date(2090, 1, 2), DayType(True, "week")),  # nothing is published of that year
    ],
)
def test_public_holidays_come_before_the_week(day: date, found: DayType) -> None:
    assert Calendar((DAY_SHIFT,)).day(day, published) == found


def test_the_factorys_own_word_comes_first() -> None:
    days = {date(2026, 10, 1): SpecialDay(True, "赶工"), date(2026, 11, 23): SpecialDay(False, "停电")}
    calendar = Calendar((DAY_SHIFT,), days=days)

    assert calendar.day(date(2026, 10, 1), published) == DayType(True, "factory", "赶工")
    assert calendar.day(date(2026, 11, 23), published) == DayType(False, "factory", "停电")


def test_a_factory_may_work_on_public_holidays() -> None:
    calendar = Calendar((DAY_SHIFT,), frozenset({1, 2, 3, 4, 5, 6}), public_holidays=False)

    assert calendar.day(date(2026, 10, 1), lambda _: PublicDay(False, "national_day")).working
    assert calendar.day(date(2026, 11, 21), published).working  # a six-day week


def test_breaks_are_no_working_time() -> None:
    calendar = Calendar((DAY_SHIFT, Shift(1200, 1740, ((1440, 1470),))))  # a night shift with half an hour at midnight
    monday = datetime(2026, 11, 23, tzinfo=ZONE)

    assert calendar.minutes() == 510 + 510
    worked = calendar.working_time(published, ZONE)
    assert worked.between(monday, monday + timedelta(days=1, hours=8)) == timedelta(minutes=1020)
    assert worked.between(
        monday + timedelta(hours=11, minutes=30), monday + timedelta(hours=13, minutes=30)
    ) == timedelta(hours=1)


def test_an_entry_becomes_a_calendar() -> None:
    days = [DayEntry("2026-12-26", "working", "补班"), DayEntry("2026-12-25", "holiday")]
    night = ShiftEntry("20:00", "05:00", [("00:00", "00:30")])

    made = check_calendar(replace(ENTRY, shifts=[night, *ENTRY.shifts], days=days))

    assert made.shifts == (DAY_SHIFT, Shift(1200, 1740, ((1440, 1470),)))
    assert list(made.days) == [date(2026, 12, 25), date(2026, 12, 26)]
    assert made.days[date(2026, 12, 26)] == SpecialDay(True, "补班")
    assert [clock_of(minute) for minute in (480, 1440, 1740)] == ["08:00", "24:00", "05:00"]


def test_a_shift_round_the_clock_is_possible() -> None:
    assert check_calendar(replace(ENTRY, shifts=[ShiftEntry("00:00", "24:00")])).minutes() == 24 * 60


def test_every_mistake_is_told_at_once() -> None:
    shifts = [
        ShiftEntry("8:00", "25:00"),
        ShiftEntry("09:00", "09:00"),
        ShiftEntry("10:00", "12:00", [("13:00", "14:00")]),
    ]
    days = [
        DayEntry("2026-02-30", "holiday"),
        DayEntry("2026-12-25", "feast"),
        DayEntry("1066-10-14", "holiday", "x" * 61),
    ]

    assert problems(replace(ENTRY, weekdays=[0, 1, 1], shifts=shifts, days=days, reason="\x00")) == [
        ("working_weekdays", "WEEKDAY_UNKNOWN"),
        ("working_weekdays", "DAY_TWICE"),
        ("shifts.0.begin", "CLOCK_INVALID"),
        ("shifts.0.end", "CLOCK_INVALID"),
        ("shifts.1.end", "SHIFT_EMPTY"),
        ("shifts.2.breaks", "BREAK_OUTSIDE_SHIFT"),
        ("days.0.date", "DATE_INVALID"),
        ("days.1.kind", "DAY_KIND_UNKNOWN"),
        ("days.2.name", "TEXT_TOO_LONG"),
        ("days.2.date", "DATE_INVALID"),
        ("reason", "TEXT_INVALID"),
    ]


@pytest.mark.parametrize(
    ("shifts", "field"),
    [
        ([("08:00", "12:00"), ("11:59", "17:00")], "shifts.1.begin"),
        ([("22:00", "06:00"), ("05:00", "13:00")], "shifts.1.begin"),  # tomorrow's morning meets tonight's end
        ([("08:00", "12:00"), ("20:00", "09:00")], "shifts.0.begin"),
    ],
)
def test_shifts_do_not_overlap(shifts: list[tuple[str, str]], field: str) -> None:
    assert problems(replace(ENTRY, shifts=[ShiftEntry(*one) for one in shifts])) == [(field, "SHIFTS_OVERLAP")]


@pytest.mark.parametrize(
    "breaks", [[("12:00", "12:00")], [("07:00", "09:00")], [("12:00", "13:00"), ("12:30", "14:00")]]
)
def test_breaks_lie_apart_within_their_shift(breaks: list[tuple[str, str]]) -> None:
    assert problems(replace(ENTRY, shifts=[ShiftEntry("08:00", "17:00", breaks)]))


def test_a_calendar_has_bounds() -> None:
    one = DayEntry("2026-12-25", "holiday")

    assert problems(replace(ENTRY, days=[one] * 2_001)) == [("days", "TOO_MANY")]
    assert problems(replace(ENTRY, days=[one, one])) == [("days.1.date", "DAY_TWICE")]
    assert problems(replace(ENTRY, weekdays=[], shifts=[])) == [
        ("working_weekdays", "REQUIRED"),
        ("shifts", "REQUIRED"),
    ]
    assert problems(replace(ENTRY, shifts=[ShiftEntry(f"{n:02}:00", f"{n:02}:30") for n in range(7)])) == [
        ("shifts", "TOO_MANY")
    ]
