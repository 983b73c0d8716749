"""Which days China works: public holidays and the days worked for them; weekends where nothing is published yet."""

from __future__ import annotations

from datetime import date

import chinese_calendar

SATURDAY = 5


def is_workday(day: date) -> bool:
    """True when the factory works on that day."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the state council has not published that year
        return day.weekday() < SATURDAY
