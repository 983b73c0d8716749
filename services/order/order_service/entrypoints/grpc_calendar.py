"""CalendarService over gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from orderhub.order.v1 import calendar_pb2 as pb

from chassis import page_token
from chassis.database import Transaction
from order_service.adapters.calendar_progress import Progress, progress_now
from order_service.adapters.calendars import KeptCalendar, current_calendar, earlier_calendars, put_calendar
from order_service.adapters.factory_calendar import published
from order_service.adapters.messages import stamp
from order_service.domain.calendar import Calendar, Shift
from order_service.domain.calendar_entry import CalendarEntry, DayEntry, ShiftEntry, check_calendar
from order_service.domain.errors import FieldProblem, Invalid
from order_service.domain.stages import hours_of, hours_text
from order_service.domain.working_time import clock_of
from order_service.entrypoints.grpc_capacity import NEWEST, CapacityRuleApi
from order_service.entrypoints.paging import page_size
from order_service.entrypoints.periods import read_days

MOST_DAYS = 400  # in one answer: a year and the weeks around it
_SPAN = timedelta(days=41)  # six weeks, as a month is drawn


@dataclass
class CalendarApi(CapacityRuleApi):
    """When the factory works."""

    usual: Calendar

    async def GetCalendar(self, request: pb.GetCalendarRequest, context: Any) -> pb.GetCalendarResponse:
        async with self.database.read() as reader:
            kept, progress = await current_calendar(reader, self.usual), await progress_now(reader)
        return pb.GetCalendarResponse(calendar=calendar_message(kept, progress))

    async def PutCalendar(self, request: pb.PutCalendarRequest, context: Any) -> pb.PutCalendarResponse:
        entry = entry_of(request)
        wanted = check_calendar(entry)
        expected = request.expected_version if request.HasField("expected_version") else None

        async def work(unit: Transaction) -> pb.PutCalendarResponse:
            kept = await put_calendar(unit, wanted, self.usual, entry.reason, expected)
            return pb.PutCalendarResponse(calendar=calendar_message(kept, await progress_now(unit)))

        return await self.commands.run(request.context, pb.PutCalendarResponse, work)

    async def ListCalendarDays(self, request: pb.ListCalendarDaysRequest, context: Any) -> pb.ListCalendarDaysResponse:
        first, last = read_span(request, self.database.clock.today())
        async with self.database.read() as reader:
            calendar = (await current_calendar(reader, self.usual)).calendar
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return pb.ListCalendarDaysResponse(days=[day_message(day, calendar) for day in days])

    async def ListCalendarVersions(
        self, request: pb.ListCalendarVersionsRequest, context: Any
    ) -> pb.ListCalendarVersionsResponse:
        size = page_size(request.page)
        (before,) = page_token.read("calendar_versions", request.page.page_token, page_token.number, first=(NEWEST,))
        async with self.database.read() as reader:
            found = await earlier_calendars(reader, before, size + 1)
        token = page_token.write("calendar_versions", found[size - 1].version) if len(found) > size else ""
        return pb.ListCalendarVersionsResponse(
            versions=[version_message(kept) for kept in found[:size]], next_page_token=token
        )


def read_span(request: pb.ListCalendarDaysRequest, today: date) -> tuple[date, date]:
    """Return the first and last day asked for, six weeks from the month's first Monday by default; raise Invalid."""
    month = today.replace(day=1)
    first = month - timedelta(days=month.weekday())
    typed = (("from", request.from_date), ("to", request.to_date))
    (first, last), problems = read_days(typed, (first, first + _SPAN))
    if not problems and (last - first).days >= MOST_DAYS:
        problems.append(FieldProblem("to", "PERIOD_TOO_LONG", {"days": str(MOST_DAYS)}))
    if problems:
        raise Invalid(problems)
    return first, last


def entry_of(request: pb.PutCalendarRequest) -> CalendarEntry:
    """Return the calendar as it was typed."""
    shifts = [
        ShiftEntry(one.begin, one.end, [(pause.begin, pause.end) for pause in one.breaks]) for one in request.shifts
    ]
    days = [DayEntry(one.date, one.kind, one.name) for one in request.days]
    return CalendarEntry(list(request.working_weekdays), shifts, days, request.public_holidays, request.reason)


def calendar_message(kept: KeptCalendar, progress: Progress | None = None) -> pb.FactoryCalendar:
    """Return a calendar, and how far kept lead times follow it where that is asked."""
    calendar = kept.calendar
    return pb.FactoryCalendar(
        working_weekdays=sorted(calendar.weekdays), shifts=[_shift(shift) for shift in calendar.shifts],
        days=[
            pb.SpecialDay(date=day.isoformat(), kind=_kind(said.working), name=said.name)
            for day, said in calendar.days.items()
        ],
        public_holidays=calendar.public_holidays, version=kept.version, reason=kept.reason,
        changed_by=kept.changed_by, changed_at=stamp(kept.changed_at),
        daily_hours=hours_text(hours_of(timedelta(minutes=calendar.minutes()))),
        lead_times=_progress(progress) if progress else None,
    )  # fmt: skip


def _shift(shift: Shift) -> pb.CalendarShift:
    breaks = [pb.CalendarBreak(begin=clock_of(opens), end=clock_of(closes)) for opens, closes in shift.breaks]
    return pb.CalendarShift(begin=clock_of(shift.begin), end=clock_of(shift.end), breaks=breaks)


def _progress(progress: Progress) -> pb.CalendarProgress:
    return pb.CalendarProgress(
        state="current" if progress.current else "rebuilding", order_count=progress.order_count,
        done_count=progress.done_count, began_at=stamp(progress.began_at), ended_at=stamp(progress.ended_at),
    )  # fmt: skip


def version_message(kept: KeptCalendar) -> pb.CalendarVersion:
    """Return who changed the calendar when, why and to what."""
    return pb.CalendarVersion(
        version=kept.version, reason=kept.reason, changed_by=kept.changed_by, changed_at=stamp(kept.changed_at),
        calendar=calendar_message(kept),
    )  # fmt: skip


def day_message(day: date, calendar: Calendar) -> pb.CalendarDay:
    """Return one day, and what is published of it."""
    found, public = calendar.day(day, published), published(day)
    return pb.CalendarDay(
        date=day.isoformat(), working=found.working, source=found.source, name=found.name,
        public_kind=_kind(public.working) if public else "", public_name=public.name if public else "",
    )  # fmt: skip


def _kind(working: bool) -> str:
    return "working" if working else "holiday"
