"""Which due dates need planning's word: a setting with versions, followed by orders entered and moved (S25)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from orderhub.order.v1 import calendar_pb2 as pb
from orderhub.order.v1 import order_pb2

from chassis.clock import FixedClock
from chassis.errors import KeyReused
from chassis.principal import Principal, current
from order_service.domain.errors import Invalid, Stale
from tests.service.order.conftest import World


def wish(world: World, days: int, **values: Any) -> pb.PutCapacityRuleRequest:
    return pb.PutCapacityRuleRequest(**{"context": world.context(), "days": days, "reason": "旺季", **values})


async def put(world: World, days: int, **values: Any) -> pb.CapacityRule:
    return (await world.calendar.PutCapacityRule(wish(world, days, **values), None)).rule


async def seen(world: World) -> pb.CapacityRule:
    return (await world.calendar.GetCapacityRule(pb.GetCapacityRuleRequest(), None)).rule


async def state(world: World, days: int, **values: Any) -> str:
    return (await world.submit(("A", "1"), days=days, **values)).state


NEEDS, GOES = "needs_capacity_confirmation", "submitted"


async def test_until_somebody_changes_it_three_days_hold(world: World) -> None:
    found = await seen(world)

    assert (found.version, found.days, found.counted, found.safe_from) == (0, 3, "calendar", "2026-11-25")
    assert [await state(world, days) for days in (2, 3)] == [NEEDS, GOES]


async def test_the_day_of_the_rule_changes_at_the_factorys_midnight(world: World, clock: FixedClock) -> None:
    clock.advance(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC) - clock.now())  # 23:59:59 in the factory
    due = "2026-11-25"
    assert (await world.submit(("A", "1"), due_date=due)).state == GOES
    clock.advance(timedelta(seconds=1))
    assert (await seen(world)).safe_from == "2026-11-26"
    assert (await world.submit(("A", "1"), due_date=due)).state == NEEDS


async def test_a_changed_rule_holds_for_what_is_entered_from_then_on(world: World) -> None:
    before = await world.submit(("A", "1"), days=4)
    told = current.set(Principal("manager", roles=frozenset({"manager"})))
    try:
        kept = await put(world, 6)
    finally:
        current.reset(told)

    assert (kept.version, kept.changed_by, kept.reason, kept.safe_from) == (1, "manager", "旺季", "2026-11-28")
    assert kept == await seen(world)
    after = await world.submit(("A", "1"), days=4)
    assert (after.state, after.warnings[0].params["notice_days"]) == (NEEDS, "6")
    assert (await world.order(before.number)).state == GOES
    asked = [
        event.data["notice_days"]
        for event in await world.told(f"orders/{after.number}")
        if event.type.endswith("Requested")
    ]
    assert asked == [6]


async def test_no_days_ask_for_no_confirmation(world: World) -> None:
    assert (await put(world, 0)).safe_from == ""
    assert await state(world, 0) == GOES


async def test_working_days_follow_the_factorys_calendar(world: World) -> None:
    """Sunday the 22nd: Monday, Tuesday, Wednesday are worked; without Monday the third is Thursday."""
    assert (await put(world, 3, counted="working")).safe_from == "2026-11-25"
    holiday = pb.SpecialDay(date="2026-11-23", kind="holiday")
    shift = pb.CalendarShift(begin="08:00", end="17:00")
    await world.calendar.PutCalendar(
        pb.PutCalendarRequest(
            context=world.context(), working_weekdays=[1, 2, 3, 4, 5], shifts=[shift], days=[holiday]
        ),
        None,
    )

    assert (await seen(world)).safe_from == "2026-11-26"
    assert [await state(world, days) for days in (3, 4)] == [NEEDS, GOES]


async def test_a_date_moved_follows_the_rule_of_the_day_it_moves(world: World) -> None:
    order = await world.submit(("A", "1"), days=8)
    await put(world, 7)

    async def moved(days: int, version: int) -> order_pb2.Order:
        due = (world.clock.today() + timedelta(days=days)).isoformat()
        request = order_pb2.ReviseOrderRequest(
            context=world.context(), order=order.number, expected_version=version, fields=["due_date"], due_date=due
        )
        return (await world.orders.ReviseOrder(request, None)).order

    near = await moved(5, order.version)
    assert (near.state, near.warnings[0].params["notice_days"]) == (NEEDS, "7")
    await put(world, 6)
    still = await moved(4, near.version)
    assert (still.state, still.warnings[0].params["notice_days"]) == (NEEDS, "7")  # asked once, by the rule of then
    assert (await moved(6, still.version)).state == GOES


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"days": -1}, {"days"}),
        ({"days": 91}, {"days"}),
        ({"counted": "lunar"}, {"counted"}),
        ({"days": 1000, "counted": "x", "reason": "y" * 201}, {"days", "counted", "reason"}),
        ({"reason": "a\x00b"}, {"reason"}),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_with_every_field(
    world: World, values: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await put(world, **({"days": 3} | values))

    assert {problem.field for problem in refused.value.fields} == fields
    assert (await seen(world)).version == 0


async def test_said_again_it_is_kept_once(world: World) -> None:
    request = wish(world, 5, context=world.context(key="once", fingerprint="a"))
    first = (await world.calendar.PutCapacityRule(request, None)).rule
    again = (await world.calendar.PutCapacityRule(request, None)).rule
    same = await put(world, 5)

    assert [one.version for one in (first, again, same)] == [1, 1, 1]
    with pytest.raises(KeyReused):
        await put(world, 6, context=world.context(key="once", fingerprint="b"))


async def test_of_two_at_once_one_is_told_to_look_again(world: World) -> None:
    found = await asyncio.gather(*(put(world, days, expected_version=0) for days in (4, 5)), return_exceptions=True)

    assert sum(isinstance(one, Stale) for one in found) == 1
    assert (await seen(world)).version == 1


async def test_the_history_is_kept_page_by_page(world: World) -> None:
    for days in (4, 5, 6):
        await put(world, days)
    pages, token = [], ""
    for _ in range(2):
        request = pb.ListCapacityRuleVersionsRequest(page={"page_size": 2, "page_token": token})
        answer = await world.calendar.ListCapacityRuleVersions(request, None)
        pages.append([(one.version, one.days) for one in answer.versions])
        token = answer.next_page_token

    assert (pages, token) == ([[(3, 6), (2, 5)], [(1, 4)]], "")
