"""Working time, with the arithmetic beside it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

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


NIGHT = WorkingTime([(20 * 60, 29 * 60)], lambda day: day.weekday() < 5, ZONE)  # 20:00 to 05:00


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("2026-02-09 19:00", "2026-02-10 06:00", 9),  # a whole night
        ("2026-02-09 23:00", "2026-02-10 01:00", 2),  # over midnight
        ("2026-02-10 02:00", "2026-02-10 03:00", 1),  # the night that began on Monday
        ("2026-02-07 02:00", "2026-02-07 06:00", 3),  # Saturday morning belongs to Friday's night
        ("2026-02-09 02:00", "2026-02-09 06:00", 0),  # Sunday has no night
        ("2026-02-09 00:00", "2026-02-23 00:00", 10 * 9),
    ],
)
def test_a_night_shift_belongs_to_the_day_it_begins(begin: str, end: str, hours: float) -> None:
    assert NIGHT.between(at(begin), at(end)) == timedelta(hours=hours)


def test_two_parts_of_a_time_are_the_whole() -> None:
    chance = random.Random(3)
    for clock in (WEEK, NIGHT):
        for _ in range(300):
            first, middle, last = sorted(
                at("2026-02-01 00:00") + timedelta(minutes=chance.randrange(60_000)) for _ in "abc"
            )
            assert clock.between(first, middle) + clock.between(middle, last) == clock.between(first, last)
