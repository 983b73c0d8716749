"""The factory's calendar as requests say it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import INT32, Body, CivilDate, Short
from gateway_service.bodies.reports import PeriodFilter

Clock = Annotated[str, Field(max_length=8, examples=["08:00"])]
Weekday = Annotated[int, Field(ge=-INT32, le=INT32, examples=[1], description="ISO 8601: 1 is Monday.")]
EXAMPLE: dict[str, Any] = {
    "working_weekdays": [1, 2, 3, 4, 5],
    "shifts": [{"begin": "08:00", "end": "17:30", "breaks": [{"begin": "12:00", "end": "13:00"}]}],
    "days": [{"date": "2026-12-26", "kind": "working", "name": "Make-up day"}],
    "public_holidays": True,
    "reason": "Year-end stocktaking",
}


class BreakBody(Body):
    """A break within a shift."""

    begin: Clock
    end: Clock


class ShiftBody(Body):
    """A shift; an end not after its beginning is on the next day."""

    begin: Clock
    end: Clock
    breaks: Annotated[list[BreakBody], Field(max_length=100, default_factory=list)]


class SpecialDayBody(Body):
    """The factory's own word about a day."""

    date: CivilDate
    kind: Literal["holiday", "working"]
    name: Short | None = None


class CalendarBody(Body):
    """The whole calendar: what is not named is no longer so."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    working_weekdays: Annotated[list[Weekday], Field(max_length=7)]
    shifts: Annotated[list[ShiftBody], Field(max_length=100)]
    days: Annotated[list[SpecialDayBody], Field(max_length=5_000)]
    public_holidays: bool = True
    """Follow the days off, and the days worked in exchange, of the state council."""
    reason: Short = ""


class CapacityRuleBody(Body):
    """Which due dates are so near that planning must confirm capacity."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"days": 3, "counted": "calendar", "reason": "Usual season"}]}
    )

    days: Annotated[
        int, Field(ge=-INT32, le=INT32, description="A date earlier than so many days from today; 0: none.")
    ]
    counted: Literal["calendar", "working"] = "calendar"
    """Every day counts, or only those the factory works."""
    reason: Short = ""


class CalendarDayFilter(PeriodFilter):
    """Days to tell; without dates the six weeks around this month."""
