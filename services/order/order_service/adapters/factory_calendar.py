"""What the state council publishes: public holidays and the days worked for them."""

from __future__ import annotations

from datetime import date

from chinese_calendar import Holiday
from chinese_calendar.constants import holidays, workdays

from order_service.domain.calendar import PublicDay

_CODES = {holiday.value: holiday.name for holiday in Holiday}


def published(day: date) -> PublicDay | None:
    """Return what is published of a day; None for an ordinary day, and for years not published yet."""
    if day in holidays:
        return PublicDay(working=False, name=_CODES[holidays[day]])
    if day in workdays:
        return PublicDay(working=True, name=_CODES[workdays[day]])
    return None
