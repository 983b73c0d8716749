"""Every message arrives, or somebody knows why not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.order.v1 import events_pb2 as order
from orderhub.planning.v1 import events_pb2 as planning

from chassis.sql import text
from notify_service.adapters.channels import wecom
from notify_service.adapters.channels.wire import Call
from notify_service.domain.outcome import Outcome, Result
from tests.service.notify.conftest import World
from tests.service.notify.messages import NUMBER, capacity, fully_shipped, shortage, submitted
from tests.support.waiting import eventually


async def published(world: World, name: str) -> list[str]:
    async with world.service.database.read() as connection:
        found = await connection.execute(
            text("SELECT traceparent FROM outbox WHERE type = :type ORDER BY id"),
            {"type": f"orderhub.notify.v1.{name}"},
        )
        return list(found.scalars())


async def test_an_event_consumed_twice_is_told_once(world: World) -> None:
    [event] = await world.tell(submitted())

    await world.inbox().take([event])
    await world.deliver()
    await world.deliver()

    assert len(world.sink.got) == 1


async def test_events_out_of_order_are_told_in_order(world: World) -> None:
    first, second = world.event(submitted()), world.event(order.OrderHeld(order_number=NUMBER, reason="等款"))

    await world.inbox().take([second])
    await world.inbox().take([first])
    await _until_unparked(world)
    await world.deliver()

    assert [text[:4] for text in world.sink.texts("order_group")] == ["新订单 ", "订单已暂"]


async def _until_unparked(world: World) -> None:
    await eventually(world.inbox().retry_parked, every=0.05)


async def test_what_was_sent_is_told_in_the_trace_of_its_order(world: World) -> None:
    [event] = await world.tell(submitted())

    await world.deliver()

    [trace] = await published(world, "NotificationSent")
    assert trace.split("-")[1] == event.traceparent.split("-")[1]
    assert await world.states("order_summary") == ["sent"]


async def test_a_robot_that_is_down_gets_everything_in_order_when_it_is_back(world: World) -> None:
    world.sink.status = 503
    await world.tell(submitted("SO1"))
    await world.deliver()
    await world.tell(submitted("SO2"))
    for _ in range(30):
        world.clock.advance(timedelta(seconds=20))
        await world.deliver()

    waiting = await world.log(state="pending")
    world.sink.status = 200
    world.clock.advance(timedelta(seconds=61))
    await world.deliver()

    assert [entry.attempt_count for entry in waiting] == [
        3,
        0,
    ]  # the oldest tries for all: at once, after 5 s, after 5 min
    told = world.sink.texts("order_group")[-2:]
    assert ["SO1" in told[0], "SO2" in told[1]] == [True, True]
    assert "补发，发生于 02-14 10:00" in told[0]
    assert await world.states("order_summary") == ["sent", "sent"]


async def test_after_ten_attempts_a_message_is_given_up_and_operations_hear_of_it(world: World) -> None:
    world.sink.status = 403
    [event] = await world.tell(submitted())
    for _ in range(12):
        await world.deliver()
        world.clock.advance(timedelta(hours=30))

    [lost] = await world.log(order=NUMBER)
    assert (lost.state, lost.attempt_count) == ("exhausted", 10)
    assert lost.last_error.startswith("HTTP 403")
    [trace] = await published(world, "NotificationExhausted")
    assert trace.split("-")[1] == event.traceparent.split("-")[1]


async def test_an_exhausted_message_can_be_sent_again_by_hand(world: World) -> None:
    world.sink.status = 410
    await world.tell(submitted())
    await world.deliver()
    [lost] = await world.log(state="exhausted")
    world.sink.status = 200

    await world.api.ResendNotification(pb.ResendNotificationRequest(id=lost.id), None)
    await world.deliver()

    assert await world.states("order_summary") == ["sent"]


async def test_too_many_for_the_robot_delays_and_merges_but_loses_none(world: World) -> None:
    world.sink.errcode = 130101
    numbers = [f"SO{n}" for n in range(8)]
    await world.tell(*(submitted(number) for number in numbers))
    await world.deliver()
    refused = len(world.sink.got)

    world.sink.errcode = 0
    world.clock.advance(timedelta(seconds=16))
    await world.deliver()

    assert refused == 1
    [digest] = world.sink.texts("order_group")[1:]
    assert all(number in digest for number in numbers)
    assert await world.states("order_summary") == ["digest"] * 8
    assert [entry.attempt_count for entry in await world.log()] == [1] * 8


async def test_without_an_answer_a_robot_is_told_again_but_a_customer_waits_for_a_person(world: World) -> None:
    world.sink.silent = True
    await world.tell(submitted(), fully_shipped(NUMBER, "SF1"))

    await world.deliver()

    assert await world.states("order_summary") == ["pending"]
    [unsure] = await world.log(state="uncertain")
    assert (unsure.subscription, unsure.reason) == ("customer_shipped", "NO_ANSWER")

    world.sink.silent = False
    world.clock.advance(timedelta(seconds=10))
    await world.deliver()
    assert len(world.sink.texts("order_group")) == 2
    assert len(world.sink.texts("customer")) == 1


async def test_a_sender_that_died_is_noticed_when_its_lease_runs_out(world: World) -> None:
    await world.tell(submitted(), fully_shipped(NUMBER, "SF1"))
    for channel in ("order_group", "customer"):
        assert await world.engine.deliveries.claim(channel) is not None  # and nothing more: killed

    await world.deliver()
    assert world.sink.got == []
    world.clock.advance(timedelta(seconds=31))
    await world.deliver()

    assert len(world.sink.texts("order_group")) == 1
    assert await world.states("customer_shipped") == ["uncertain"]


async def test_a_sender_that_was_given_up_records_nothing_over_its_successor(world: World) -> None:
    await world.tell(submitted())
    old = await world.engine.deliveries.claim("order_group")
    assert old is not None
    world.clock.advance(timedelta(seconds=31))
    new = await world.engine.deliveries.claim("order_group")
    assert new is not None

    await world.engine.deliveries.record(old, Outcome(Result.GONE, "late"))
    await world.tell(submitted("SO-next"))

    assert await world.engine.deliveries.claim("order_group") is None  # its successor still sends
    assert await world.states("order_summary") == ["pending", "pending"]


async def test_two_replicas_send_each_message_once(world: World) -> None:
    await world.tell(*(capacity(f"SO{n}") for n in range(4)), *(fully_shipped(f"SO{n}", "SF") for n in range(20)))
    channels = ["customer", "planning_supervisor"] * 3

    await asyncio.gather(*(world.engine.drain(channel) for channel in channels))
    await world.deliver()

    customers = world.sink.texts("customer")
    assert sorted(customers) == sorted(set(customers))
    assert len(customers) == 20
    assert {entry.state for entry in await world.log()} == {"sent"}


async def test_a_cancelled_order_is_told_of_nothing_but_its_cancellation(world: World) -> None:
    world.sink.status = 503
    await world.tell(submitted(), shortage())
    await world.deliver()
    world.sink.status = 200
    world.sink.got.clear()
    world.clock.advance(timedelta(seconds=6))

    await world.tell(
        order.OrderCancelled(order_number=NUMBER, reason="客户取消", state="cancelled", customer_name="启明")
    )
    await world.deliver()

    assert world.sink.texts() == [] or all("订单已取消" in said for said in world.sink.texts("order_group"))
    assert [entry.state for entry in await world.log(order=NUMBER)] == ["expired", "expired", "sent"]


async def test_a_ping_that_came_too_late_expires(world: World) -> None:
    world.sink.status = 503
    await world.tell(planning.OperationFinished(order_number=NUMBER, production_order_number="PO", operation_name="绕线",
                                                good_quantity="1", next_operation="装配"))  # fmt: skip
    await world.deliver()

    world.clock.advance(timedelta(hours=25))
    await world.deliver()

    [late] = await world.log()
    assert (late.state, late.reason) == ("expired", "TOO_OLD")


async def test_a_fault_of_ours_stops_one_message_and_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(call: Call) -> None:
        raise KeyError("bug")

    monkeypatch.setattr(wecom, "build", broken)
    await world.tell(capacity(), submitted())

    await world.deliver()

    assert await world.states("order_summary") == ["sent"]
    [entry] = [entry for entry in await world.log() if entry.subscription == "capacity_copy"]
    assert (entry.state, entry.attempt_count, entry.last_error) == ("pending", 1, "KeyError('bug')")


async def test_the_loop_sends_at_once_and_ends_when_asked(world: World) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(world.engine.run(stop))
    await world.tell(submitted())

    async def sent() -> bool:
        return bool(world.sink.got)

    await eventually(sent, within=5)
    stop.set()
    await asyncio.wait_for(running, 5)

    assert await world.states("order_summary") == ["sent"]
