"""Working time, with the arithmetic beside it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from order_service.adapters.factory_calendar import is_workday
from order_service.domain.working_time import WorkingTime, read_shifts

ZONE = ZoneInfo("Asia/Shanghai")
SHIFTS = read_shifts("08:00-12:00,13:00-17:30")  # 8.5 hours
WEEK = WorkingTime(SHIFTS, lambda day: day.weekday() < 5, ZONE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("2026-02-09 09:00", "2026-02-09 11:00", 2),  # a Monday morning
        ("2026-02-09 11:00", "2026-02-09 14:00", 2),  # lunch does not count
        ("2026-02-09 17:00", "2026-02-10 09:00", 1.5),  # half an hour, night, one hour
        ("2026-02-06 16:30", "2026-02-09 09:00", 2),  # over a weekend
        ("2026-02-09 00:00", "2026-02-16 00:00", 5 * 8.5),
        ("2026-02-07 09:00", "2026-02-08 09:00", 0),
        ("2026-02-09 11:00", "2026-02-09 09:00", 0),
    ],
)
def test_only_shifts_of_working_days_count(begin: str, end: str, hours: float) -> None:
    assert WEEK.between(at(begin), at(end)) == timedelta(hours=hours)


def test_the_shift_is_the_factorys_whatever_the_zone_of_the_instant() -> None:
    utc = ZoneInfo("UTC")

    assert WEEK.between(at("2026-02-09 09:00").astimezone(utc), at("2026-02-09 11:00").astimezone(utc)) == timedelta(
        hours=2
    )


@pytest.mark.parametrize(
    "text", ["", "8-12", "12:00-08:00", "08:00-12:00,11:00-13:00", "08:00-12:00;13:00-17:00", "25:00-26:00"]
)
def test_shifts_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_shifts(text)


def test_a_holiday_is_no_workday_and_a_year_not_published_has_its_weekends() -> None:
    assert not is_workday(date(2026, 10, 1))
    assert is_workday(date(2090, 1, 2))  # a Monday
    assert not is_workday(date(2090, 1, 1))  # a Sunday
