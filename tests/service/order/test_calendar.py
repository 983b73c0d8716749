"""The factory's calendar: kept in versions, told day by day, followed by every lead time kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from orderhub.order.v1 import calendar_pb2 as pb
from orderhub.order.v1 import finance_pb2, order_pb2

from chassis.clock import FixedClock
from chassis.errors import KeyReused
from chassis.principal import Principal, current
from order_service.domain.errors import Invalid, Stale
from tests.service.order.conftest import World
from tests.service.order.test_reports import released, report, runs, scattered
from tests.support.postgres import TestDatabases

DAY = pb.CalendarShift(begin="08:00", end="17:30", breaks=[pb.CalendarBreak(begin="12:00", end="13:00")])
NIGHT = pb.CalendarShift(begin="20:00", end="05:00")


def wish(world: World, **values: Any) -> pb.PutCalendarRequest:
    whole = {"working_weekdays": [1, 2, 3, 4, 5], "shifts": [DAY], "public_holidays": True, "reason": "换班"}
    return pb.PutCalendarRequest(**{"context": world.context(), **whole, **values})


async def put(world: World, **values: Any) -> pb.FactoryCalendar:
    return (await world.calendar.PutCalendar(wish(world, **values), None)).calendar


async def seen(world: World) -> pb.FactoryCalendar:
    return (await world.calendar.GetCalendar(pb.GetCalendarRequest(), None)).calendar


async def days(world: World, first: str, last: str) -> dict[str, tuple[bool, str, str]]:
    request = pb.ListCalendarDaysRequest(from_date=first, to_date=last)
    answer = await world.calendar.ListCalendarDays(request, None)
    return {day.date: (day.working, day.source, day.name) for day in answer.days}


async def test_until_somebody_changes_it_the_settings_hold(world: World) -> None:
    found = await seen(world)

    assert (found.version, found.daily_hours, list(found.working_weekdays)) == (0, "8.5", [1, 2, 3, 4, 5])
    assert [(shift.begin, shift.end) for shift in found.shifts] == [("08:00", "12:00"), ("13:00", "17:30")]
    assert found.lead_times.state == "current"


async def test_a_calendar_is_kept_with_who_changed_it_and_why(world: World) -> None:
    told = current.set(Principal("manager", roles=frozenset({"manager"})))
    try:
        kept = await put(
            world, shifts=[DAY, NIGHT], days=[pb.SpecialDay(date="2026-12-26", kind="working", name="补班")]
        )
    finally:
        current.reset(told)

    assert kept == (await seen(world))
    assert (kept.version, kept.changed_by, kept.reason, kept.daily_hours) == (1, "manager", "换班", "17.5")
    assert [(shift.begin, shift.end) for shift in kept.shifts] == [("08:00", "17:30"), ("20:00", "05:00")]
    assert await days(world, "2026-12-25", "2026-12-27") == {
        "2026-12-25": (True, "week", ""), "2026-12-26": (True, "factory", "补班"), "2026-12-27": (False, "week", ""),
    }  # fmt: skip
    assert (await days(world, "2026-10-01", "2026-10-01"))["2026-10-01"] == (False, "public", "national_day")
    await put(world, days=[pb.SpecialDay(date="2026-10-10", kind="holiday")], public_holidays=False)
    request = pb.ListCalendarDaysRequest(from_date="2026-10-10", to_date="2026-10-10")
    (day,) = (await world.calendar.ListCalendarDays(request, None)).days
    assert (day.working, day.source, day.public_kind, day.public_name) == (False, "factory", "working", "national_day")


async def test_every_version_is_kept_and_none_can_be_rewritten(world: World) -> None:
    for weekday in (5, 6, 7):
        await put(world, working_weekdays=range(1, weekday + 1), reason=f"到周{weekday}")
    found, token = [], ""
    for _ in range(2):
        page = {"page_size": 2, "page_token": token}
        answer = await world.calendar.ListCalendarVersions(pb.ListCalendarVersionsRequest(page=page), None)
        found += [(one.version, one.reason, len(one.calendar.working_weekdays)) for one in answer.versions]
        token = answer.next_page_token

    assert found == [(3, "到周7", 7), (2, "到周6", 6), (1, "到周5", 5)]
    assert token == ""
    with pytest.raises(Exception, match="permission denied"):
        await world.rows("UPDATE factory_calendar SET reason = '' RETURNING version")


async def test_what_makes_no_sense_changes_nothing(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        await put(world, working_weekdays=[8], shifts=[pb.CalendarShift(begin="noon", end="")])
    assert [one.field for one in refusal.value.fields] == ["working_weekdays", "shifts.0.begin", "shifts.0.end"]
    with pytest.raises(Invalid):
        await days(world, "2026-01-01", "2029-01-01")
    with pytest.raises(Invalid):
        await days(world, "soon", "later")
    assert (await seen(world)).version == 0


async def test_repeating_a_change_changes_nothing_more(world: World) -> None:
    context = world.context("once")
    first = await put(world, context=context, shifts=[NIGHT])
    again = await put(world, context=context, shifts=[NIGHT])
    same = await put(world, shifts=[NIGHT], expected_version=0, reason="没收到回复，再来一次")

    assert again == first
    assert (same.version, same.reason) == (1, "换班")
    with pytest.raises(KeyReused):
        await put(world, context=world.context("once", fingerprint="other"), shifts=[DAY])


async def test_of_two_changes_at_once_one_is_told_to_look_again(world: World) -> None:
    wishes = (put(world, working_weekdays=range(1, n), expected_version=0) for n in (5, 6, 7))
    answers = await asyncio.gather(*wishes, return_exceptions=True)

    assert sorted(type(one).__name__ for one in answers) == ["FactoryCalendar", "Stale", "Stale"]
    assert (await seen(world)).version == 1
    with pytest.raises(Stale):
        await put(world, shifts=[NIGHT], expected_version=0)


async def test_working_hours_are_counted_by_the_new_calendar_at_once(world: World, clock: FixedClock) -> None:
    order = (await world.confirmed(("A", "10"), days=30)).number  # a Sunday, at noon
    clock.advance(clock.now().replace(day=23, hour=6) - clock.now())  # Monday, 14:00 in the factory
    await released(world, order)
    request = order_pb2.GetOrderLeadTimeRequest(order=order)

    async def working() -> str:
        answer = await world.orders.GetOrderLeadTime(request, None)
        return next(dwell.working_hours for dwell in answer.dwells if dwell.stage == "confirm_to_release")

    assert await working() == "5"
    await put(world, shifts=[DAY, NIGHT])
    assert await working() == "5"  # no night in between: Sunday has none
    await put(world, working_weekdays=range(1, 8), shifts=[DAY, NIGHT])
    assert await working() == "18.5"  # Sunday 13:00 to 17:30, a whole night, and Monday's five
    await put(world, days=[pb.SpecialDay(date="2026-11-23", kind="holiday")])
    assert await working() == "0"


async def test_kept_times_become_as_if_the_calendar_had_always_been(
    world: World, clock: FixedClock, databases: TestDatabases
) -> None:
    await scattered(world, clock, 40)
    keeper = world.finance.keeper
    await keeper.follow()
    before = await runs(world)
    await put(world, working_weekdays=range(1, 7), shifts=[DAY, NIGHT], public_holidays=False)
    assert (await seen(world)).lead_times.state == "rebuilding"

    assert (await keeper.follow_calendar()).current
    changed = await runs(world)
    assert changed != before
    assert [run for run in changed if run[1] == "elapsed"] == [run for run in before if run[1] == "elapsed"]
    assert await keeper.rebuild() > 20
    assert await runs(world) == changed
    told = (await seen(world)).lead_times
    assert (told.state, told.order_count) == ("current", told.done_count)


async def test_a_change_on_the_way_begins_again_and_orders_go_on(
    world: World, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_service.adapters.stage_times.LOT", 7)
    await scattered(world, clock, 30)
    keeper = world.finance.keeper
    await keeper.follow()
    await put(world, shifts=[NIGHT])
    half = await keeper.follow_calendar(lots=2)
    assert (half.current, half.done_count) == (False, 14)
    assert half.waiting == half.order_count - 14

    await scattered(world, clock, 5)  # counted by the newest calendar from the start
    await keeper.follow()
    await put(world, shifts=[DAY, NIGHT])
    assert (await keeper.follow_calendar(lots=1)).done_count == 7  # from the first again
    report_now = finance_pb2.GetLeadTimesRequest(from_date="2026-11-01", to_date="2027-03-01", hours="working")
    assert (await world.finance.GetLeadTimes(report_now, None)).pending_count > 0

    assert (await keeper.follow_calendar()).current
    assert (await world.finance.GetLeadTimes(report_now, None)).pending_count == 0
    changed = await runs(world)
    await keeper.rebuild()
    assert await runs(world) == changed


async def test_two_processes_share_the_counting(
    world: World, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_service.adapters.stage_times.LOT", 3)
    await scattered(world, clock, 20)
    keeper = world.finance.keeper
    await keeper.follow()
    await put(world, shifts=[NIGHT])

    await asyncio.gather(keeper.follow_calendar(), keeper.follow_calendar(), keeper.follow())

    progress = await keeper.progress()
    assert (progress.current, progress.done_count) == (True, progress.order_count)
    changed = await runs(world)
    await keeper.rebuild()
    assert await runs(world) == changed
    assert await report(world, "month", "2026-11-01", "2027-03-01", "working")
