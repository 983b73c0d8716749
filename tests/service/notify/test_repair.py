"""Messages that did not leave: seen, counted, completed, dismissed, replayed, and in the end forgotten."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.notify.v1 import notify_pb2 as pb

from chassis.sql import text
from notify_service.domain.errors import Invalid, NotificationNotFound, NotResendable, StillIncomplete
from notify_service.entrypoints.repair_api import RepairApi
from tests.service.notify.conftest import World
from tests.service.notify.messages import NUMBER, fully_shipped, submitted
from tests.service.notify.test_api import reasons


def repair(world: World) -> RepairApi:
    return world.service.servicers[2][1]


async def complete(world: World, wanted: str, key: str = "", **values: str) -> pb.Notification:
    context = CommandContext(idempotency_key=key, route="POST /notifications/{notification}:complete", fingerprint="f")
    request = pb.CompleteNotificationRequest(context=context, id=wanted, values=values)
    return (await repair(world).CompleteNotification(request, None)).notification


async def dismiss(world: World, wanted: str, reason: str = "已电话告知") -> pb.Notification:
    request = pb.DismissNotificationRequest(id=wanted, reason=reason)
    return (await repair(world).DismissNotification(request, None)).notification


async def replay(world: World, **said: object) -> tuple[int, int]:
    answer = await repair(world).ReplayNotifications(pb.ReplayNotificationsRequest(**said), None)
    return answer.replayed, answer.left


async def exhausted(world: World, *numbers: str) -> None:
    world.sink.status = 410
    for number in numbers:
        await world.tell(submitted(number))
        await world.deliver()
    world.sink.status = 200


async def test_a_held_customer_message_goes_when_somebody_enters_the_tracking_numbers(world: World) -> None:
    await world.tell(fully_shipped(NUMBER))
    [held] = await world.log(state="held")

    first = await complete(world, held.id, key="k", tracking_numbers="SF1，YT2")
    again = await complete(world, held.id, key="k", tracking_numbers="SF1，YT2")
    await world.deliver()

    assert first == again
    assert world.sink.texts("customer") == [f"贵司订单{NUMBER}已全部发出，物流单号SF1、YT2"]
    with pytest.raises(NotResendable):
        await complete(world, held.id, tracking_numbers="SF3")


async def test_only_what_is_lacking_can_be_filled_in(world: World) -> None:
    await world.tell(fully_shipped(NUMBER))
    [held] = await world.log(state="held")

    with pytest.raises(Invalid) as caught:
        await complete(world, held.id, order_number="SO-other", tracking_numbers="x\0")
    with pytest.raises(StillIncomplete):
        await complete(world, held.id, tracking_numbers=" , ")

    assert reasons(caught) == {("values.order_number", "FIELD_UNKNOWN"), ("values.tracking_numbers", "TEXT_INVALID")}
    with pytest.raises(NotificationNotFound):
        await complete(world, str(uuid4()), tracking_numbers="SF1")


async def test_an_unclear_customer_message_waits_until_a_person_resends_or_dismisses_it(world: World) -> None:
    world.sink.silent = True
    await world.tell(fully_shipped("SO1", "SF1"), fully_shipped("SO2", "SF2"))
    await world.deliver()
    await world.deliver()
    unclear = await world.log(state="held,uncertain,exhausted")
    world.sink.silent = False

    ended = await dismiss(world, unclear[0].id)
    await world.api.ResendNotification(pb.ResendNotificationRequest(id=unclear[1].id), None)
    await world.deliver()

    assert (ended.state, ended.reason) == ("expired", "DISMISSED")
    assert ended.last_error.endswith(": 已电话告知")
    assert [entry.state for entry in await world.log()] == ["expired", "sent"]
    with pytest.raises(NotResendable):
        await dismiss(world, unclear[1].id)
    with pytest.raises(Invalid):
        await dismiss(world, unclear[0].id, " ")


async def test_what_needs_a_person_is_counted_by_state_and_channel(world: World) -> None:
    await exhausted(world, "SO1", "SO2")
    await world.tell(fully_shipped("SO3"), submitted("SO4"))

    counts = (await repair(world).GetSummary(pb.GetSummaryRequest(), None)).counts

    assert {(count.state, count.channel, count.count) for count in counts} == {
        ("exhausted", "order_group", 2), ("held", "customer", 1), ("pending", "order_group", 1),
    }  # fmt: skip


async def test_a_replay_takes_what_its_filter_names_and_says_what_stays(world: World) -> None:
    await exhausted(world, "SO1", "SO2", "SO3")
    await world.tell(fully_shipped("SO1"))

    assert await replay(world, state="exhausted", order="SO1") == (1, 0)
    assert await replay(world, state="exhausted", channel="planner") == (0, 0)
    assert await replay(world, state="exhausted") == (2, 0)
    assert await replay(world, state="held") == (0, 1)  # incomplete: it would be refused again
    with pytest.raises(Invalid):
        await replay(world, state="sent")
    world.clock.advance(timedelta(seconds=61))
    await world.deliver()

    said = "\n".join(world.sink.texts("order_group")[3:])
    assert all(said.count(f"新订单 {number}") == 1 for number in ("SO1", "SO2", "SO3"))


async def test_a_channel_shows_its_rate_what_waits_and_until_when_it_rests(world: World) -> None:
    await world.tell(submitted("SO1"))
    await world.deliver()
    world.sink.errcode = 130101
    await world.tell(submitted("SO2"))
    await world.deliver()

    shown = (await world.api.GetChannel(pb.GetChannelRequest(code="order_group"), None)).channel

    assert (shown.sent_last_minute, shown.waiting, shown.failures) == (2, 1, 1)
    assert shown.resting_until.ToDatetime() > world.clock.now().replace(tzinfo=None)
    world.clock.advance(timedelta(seconds=61))
    calm = (await world.api.GetChannel(pb.GetChannelRequest(code="order_group"), None)).channel
    assert (calm.sent_last_minute, calm.HasField("resting_until")) == (0, False)


async def test_the_log_forgets_what_ended_long_ago_and_keeps_what_waits(world: World) -> None:
    await world.tell(submitted("SO1"), fully_shipped("SO1"))
    await world.deliver()
    world.clock.advance(timedelta(days=170))
    await world.tell(submitted("SO2"))
    await world.deliver()
    forgetting = world.service.loops[2].__self__  # type: ignore[attr-defined]

    early = await forgetting.sweep()
    world.clock.advance(timedelta(days=11))
    late = await forgetting.sweep()

    assert (early, late) == (0, 1)
    assert [(entry.order_number, entry.state) for entry in await world.log()] == [("SO1", "held"), ("SO2", "sent")]
    async with world.service.database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM delivery_attempt"))).scalar_one() == 1


async def test_the_log_of_attempts_has_no_other_way_out(world: World) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.service.database.transaction(who="test") as unit:
            await unit.execute(text("DELETE FROM delivery_attempt"))


async def test_a_binding_can_be_looked_up_and_shows_only_what_recognises_it(world: World) -> None:
    for address in ("oX1a2b3c4d5e6f7g8h9i0", "oX1a2b3c4d5e6f7g8h9i1"):
        bound = pb.BindRecipientRequest(kind="wechat_mp", recipient="c1", address=address)
        await world.api.BindRecipient(bound, None)

    found = (await repair(world).ListRecipients(pb.ListRecipientsRequest(recipient="c1"), None)).recipients
    await world.api.BindRecipient(pb.BindRecipientRequest(kind="wechat_mp", recipient="c1"), None)

    assert [(entry.kind, entry.address) for entry in found] == [("wechat_mp", "oX1a…i1")]
    assert (await repair(world).ListRecipients(pb.ListRecipientsRequest(recipient="c1"), None)).recipients == []
