"""Before the order: channels, inquiries and quotes; and plans that change after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.order.v1 import order_pb2
from orderhub.planning.v1 import events_pb2 as planning

from chassis.clock import FixedClock
from order_service.domain.errors import Invalid
from tests.service.order.conftest import World
from tests.service.order.test_moves import revision
from tests.service.order.test_story import stamp


def ago(clock: FixedClock, **span: float) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(clock.now() - timedelta(**span))
    return made


async def dwell(world: World, order: str, stage: str) -> order_pb2.Dwell:
    answer = await world.orders.GetOrderLeadTime(order_pb2.GetOrderLeadTimeRequest(order=order), None)
    return next(one for one in answer.dwells if one.stage == stage)


async def test_a_quote_before_the_order_gives_the_response_time(world: World, clock: FixedClock) -> None:
    order = await world.confirmed(("A", "1"), inquired_at=ago(clock, hours=50), quoted_at=ago(clock, hours=47))

    found = await dwell(world, order.number, "quote_to_confirm")

    assert found.hours == "47"
    assert found.working_hours == "4.5"  # Friday 13:00 to 17:30; the rest was a weekend


async def test_a_quote_can_be_told_later(world: World, clock: FixedClock) -> None:
    order = await world.confirmed(("A", "1"))
    assert (await dwell(world, order.number, "quote_to_confirm")).hours == ""

    await world.orders.ReviseOrder(revision(world, order, "quoted_at", quoted_at=ago(clock, hours=3)), None)

    assert (await dwell(world, order.number, "quote_to_confirm")).hours == "3"


async def test_nobody_was_quoted_in_the_future(world: World, clock: FixedClock) -> None:
    with pytest.raises(Invalid):
        await world.submit(("A", "1"), quoted_at=ago(clock, hours=-1))
    with pytest.raises(Invalid):
        await world.submit(("A", "1"), quoted_at=Timestamp(seconds=10**15))


async def test_a_channel_is_added_and_taken_away_without_a_release(world: World) -> None:
    with pytest.raises(Invalid):
        await world.submit(("A", "1"), channel="douyin")

    async def put(code: str, active: bool | None = None) -> None:
        await world.orders.PutChannel(order_pb2.PutChannelRequest(code=code, active=active), None)

    await put("douyin")
    assert (await world.submit(("A", "1"), channel="douyin")).channel == "douyin"
    await put("douyin", active=False)
    with pytest.raises(Invalid):
        await world.submit(("A", "1"), channel="douyin")
    for bad in ("", "Douyin", "抖音", "a b", "\x00", "x" * 41):
        with pytest.raises(Invalid):
            await put(bad)
    listed = await world.orders.ListChannels(order_pb2.ListChannelsRequest(), None)
    assert {channel.code: channel.active for channel in listed.channels}["douyin"] is False


async def test_a_channel_keeps_its_name_until_it_gets_another(world: World) -> None:
    async def put(**fields: Any) -> order_pb2.Channel:
        return (await world.orders.PutChannel(order_pb2.PutChannelRequest(code="douyin", **fields), None)).channel

    assert (await put()).name == ""
    assert (await put(name=" 抖音小店 ")).name == "抖音小店"
    assert (await put(active=False)).name == "抖音小店"
    with pytest.raises(Invalid) as refused:
        await put(name="名" * 41)
    assert [(one.field, one.reason) for one in refused.value.fields] == [("name", "TEXT_TOO_LONG")]
    listed = await world.orders.ListChannels(order_pb2.ListChannelsRequest(), None)
    assert [(one.active, one.name) for one in listed.channels if one.code == "douyin"] == [(False, "抖音小店")]


async def test_a_revised_plan_changes_what_is_planned(world: World, clock: FixedClock) -> None:
    order = await world.confirmed(("A", "10"), ("C", "5"))
    subject = f"orders/{order.number}"
    await world.tell("planning", subject, planning.OrderPlanned(
        order_number=order.number, planned_at=stamp(clock),
        lines=[{"line_no": 1, "planned_quantity": "10"}, {"line_no": 2, "planned_quantity": "5"}],
    ))  # fmt: skip

    await world.tell("planning", subject, planning.PlanRevised(
        order_number=order.number, lines=[{"line_no": 1, "quantity_before": "10", "quantity_after": "12", "unit": "台"}]
    ))  # fmt: skip

    assert [line.planned_quantity for line in (await world.order(order.number)).lines] == ["12", "5"]
