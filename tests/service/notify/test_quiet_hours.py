"""Quiet hours of people, roles and customers: what names them waits, leaves together afterwards, and says so in the log."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.order.v1 import events_pb2 as order

from notify_service.domain.errors import Invalid
from tests.service.notify.conftest import World
from tests.service.notify.messages import NUMBER, fully_shipped, submitted
from tests.service.notify.test_api import put_subscription
from tests.service.notify.test_mailbox import inbox, signed_in

EVENING = timedelta(hours=12)  # 22:00 in Shanghai
MORNING = datetime(2026, 2, 15, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


async def own(world: World, begins: str = "21:00", ends: str = "08:00", *, key: str = "") -> pb.QuietHours:
    context = CommandContext(idempotency_key=key, route="PUT /me/quiet-hours", fingerprint="f")
    asked = pb.PutOwnQuietHoursRequest(context=context, quiet_from=begins, quiet_to=ends, names=["李雷"])
    with signed_in("lilei", "sales"):
        return (await world.quiet.PutOwnQuietHours(asked, None)).quiet_hours


async def of(world: World, recipient: str, begins: str, ends: str) -> pb.QuietHours:
    asked = pb.PutQuietHoursRequest(recipient=recipient, quiet_from=begins, quiet_to=ends)
    with signed_in("boss", "manager"):
        return (await world.quiet.PutQuietHours(asked, None)).quiet_hours


async def owners_channel(world: World) -> None:
    """Tell each order's owner of it by name."""
    await put_subscription(world, template="看 {order_number}", role="{sales_owner}", channel="sales")


async def test_what_names_a_person_waits_for_their_morning_and_then_leaves_as_one(world: World) -> None:
    await owners_channel(world)
    await own(world)
    world.clock.advance(EVENING)
    await world.tell(submitted("SO1"), submitted("SO2"), submitted("SO3", sales_owner="韩梅"))

    await world.deliver()
    at_night = world.sink.texts("sales")
    waiting = [entry for entry in await world.log(state="pending") if entry.subscription == "mine"]
    world.clock.advance(timedelta(hours=10, seconds=1))
    await world.deliver()

    assert at_night == ["看 SO3"]
    assert [entry.quiet_until.ToDatetime(UTC) for entry in waiting] == [MORNING, MORNING]
    assert [entry.next_attempt_at.ToDatetime(UTC) for entry in waiting] == [MORNING, MORNING]
    [together] = world.sink.texts("sales")[1:]
    assert together.startswith("汇总提醒，共 2 条")
    assert "SO1" in together
    assert "SO2" in together
    said = {entry.order_number: entry for entry in await world.log() if entry.subscription == "mine"}
    assert [said[number].state for number in ("SO1", "SO2", "SO3")] == ["digest", "digest", "sent"]
    assert said["SO1"].quiet_until.ToDatetime(UTC) == MORNING  # the log still says what it waited for
    assert not said["SO3"].HasField("quiet_until")


async def test_a_red_order_comes_through(world: World) -> None:
    await owners_channel(world)
    await own(world)
    world.clock.advance(EVENING)
    await world.tell(submitted("SO1", urgency="red"))

    await world.deliver()

    assert world.sink.texts("sales") == ["看 SO1"]


async def test_the_mailbox_is_filled_all_the_same(house: World) -> None:
    await own(house)
    house.clock.advance(EVENING)
    twin = order.DuplicateSuspected(
        order_number="SO2", twin_order_number="SO1", sales_owner="李雷", twin_sales_owner="mei"
    )
    await house.tell(twin)

    assert len((await inbox(house, "lilei", "sales", names=["李雷"])).messages) == 1


async def test_a_customer_is_not_woken_and_each_message_stays_exact(world: World) -> None:
    await of(world, "c1", "22:00", "07:30")
    world.clock.advance(EVENING)
    await world.tell(
        fully_shipped(NUMBER, "SF1"), fully_shipped("SO2", "SF2"), fully_shipped("SO3", "SF3", customer_id="c2")
    )

    await world.deliver()
    at_night = world.sink.texts("customer")
    world.clock.advance(timedelta(hours=9, minutes=30, seconds=1))
    await world.deliver()

    assert at_night == ["贵司订单SO3已全部发出，物流单号SF3"]
    assert world.sink.texts("customer")[1:] == [
        f"贵司订单{NUMBER}已全部发出，物流单号SF1", "贵司订单SO2已全部发出，物流单号SF2",
    ]  # fmt: skip


async def test_what_waits_keeps_the_hours_as_they_are_now(world: World) -> None:
    await owners_channel(world)
    await own(world)
    world.clock.advance(EVENING)
    await world.tell(submitted("SO1"))

    await own(world, "21:00", "06:00")
    [earlier] = [entry for entry in await world.log(state="pending") if entry.subscription == "mine"]
    await own(world, "", "")
    await world.deliver()

    assert earlier.quiet_until.ToDatetime(UTC) == MORNING - timedelta(hours=2)
    assert world.sink.texts("sales") == ["看 SO1"]


async def test_own_hours_and_the_channels_are_kept_both(world: World) -> None:
    await owners_channel(world)
    channel = pb.PutChannelRequest(code="sales", kind="wecom", quiet_from="20:00", quiet_to="07:00")
    await world.api.PutChannel(channel, None)
    await own(world, "06:30", "09:00")
    world.clock.advance(EVENING)
    await world.tell(submitted("SO1"))

    [waits] = [entry for entry in await world.log(state="pending") if entry.subscription == "mine"]

    assert waits.quiet_until.ToDatetime(UTC) == MORNING + timedelta(hours=1)


async def test_nobody_is_asked_to_escalate_what_was_never_sent(world: World) -> None:
    await put_subscription(
        world, template="看 {order_number}", role="{sales_owner}", channel="sales", escalate_minutes=30,
        escalate_channel="escalation",
    )  # fmt: skip
    await own(world)
    world.clock.advance(EVENING)
    await world.tell(submitted("SO1"))

    world.clock.advance(timedelta(minutes=31))
    at_night = await world.engine.watch.look()
    world.clock.advance(timedelta(hours=10))
    await world.deliver()

    assert at_night == 0
    assert await world.engine.watch.look() == 1


async def test_hours_are_ones_own_listed_repeated_and_taken_away(world: World) -> None:
    first = await own(world, key="k1")
    again = await own(world, key="k1")
    await of(world, "planner", "12:00", "13:00")

    with signed_in("lilei", "sales"):
        mine = (await world.quiet.GetOwnQuietHours(pb.GetOwnQuietHoursRequest(), None)).quiet_hours
    with signed_in("mei", "sales"):
        hers = (await world.quiet.GetOwnQuietHours(pb.GetOwnQuietHoursRequest(), None)).quiet_hours
    everybody = (await world.quiet.ListQuietHours(pb.ListQuietHoursRequest(), None)).quiet_hours

    assert first == again == mine
    assert (mine.recipient, mine.names, mine.quiet_from, mine.quiet_to) == ("lilei", ["李雷"], "21:00", "08:00")
    assert (hers.recipient, hers.quiet_from, hers.quiet_to) == ("mei", "", "")
    assert [(entry.recipient, entry.changed_by) for entry in everybody] == [("lilei", "lilei"), ("planner", "boss")]
    await of(world, "lilei", "", "")
    left = (await world.quiet.ListQuietHours(pb.ListQuietHoursRequest(), None)).quiet_hours
    assert [entry.recipient for entry in left] == ["planner"]


@pytest.mark.parametrize(
    ("recipient", "hours", "field"),
    [
        ("", ("21:00", "08:00"), "recipient"), ("x" * 201, ("21:00", "08:00"), "recipient"),
        ("a\0b", ("21:00", "08:00"), "recipient"), ("lilei", ("21:00", ""), "quiet_from"),
        ("lilei", ("25:00", "08:00"), "quiet_from"), ("lilei", ("9", "８：００"), "quiet_from"),
    ],
)  # fmt: skip
async def test_what_are_no_hours_or_nobody_is_refused(
    world: World, recipient: str, hours: tuple[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await of(world, recipient, *hours)

    assert [fault.field for fault in caught.value.fields] == [field]


async def test_two_who_change_at_once_end_as_one_of_them(world: World) -> None:
    await asyncio.gather(own(world, "21:00", "08:00"), own(world, "22:00", "07:00"))

    with signed_in("lilei", "sales"):
        mine = (await world.quiet.GetOwnQuietHours(pb.GetOwnQuietHoursRequest(), None)).quiet_hours

    assert (mine.quiet_from, mine.quiet_to) in {("21:00", "08:00"), ("22:00", "07:00")}
    assert mine.version == 2
