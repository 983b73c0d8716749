"""Channels, subscriptions and the log through the servicer."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.order.v1 import events_pb2 as order

from chassis.page_token import BadPageToken
from chassis.sql import text
from notify_service.domain.errors import (
    ChannelNotFound,
    Invalid,
    NotConnected,
    NotificationNotFound,
    NotResendable,
    Refused,
    SecretsKeyMissing,
    StillIncomplete,
    SubscriptionNotFound,
)  # fmt: skip
from notify_service.wiring import Settings, build
from tests.service.notify.conftest import World
from tests.service.notify.messages import NUMBER, capacity, fully_shipped, submitted

SUBMITTED = "orderhub.order.v1.OrderSubmitted"
ROBOT = "https://oapi.dingtalk.com/robot/send?access_token=verysecret0123456789"


async def put_channel(world: World, code: str = "mine", **fields: object) -> pb.Channel:
    reply = await world.api.PutChannel(pb.PutChannelRequest(code=code, **{"kind": "dingtalk", **fields}), None)
    return reply.channel


async def put_subscription(world: World, code: str = "mine", **fields: object) -> pb.Subscription:
    known = {"event_type": SUBMITTED, "channel": "order_group", "template": "订单 {order_number}"}
    reply = await world.api.PutSubscription(pb.PutSubscriptionRequest(code=code, **{**known, **fields}), None)
    return reply.subscription


def reasons(caught: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(problem.field, problem.reason) for problem in caught.value.fields}


async def test_a_channels_keys_are_sealed_at_rest_and_masked_when_read(world: World) -> None:
    saved = await put_channel(world, url=ROBOT, secret="SECabc", per_minute=10, name="试用群")

    shown = (await world.api.GetChannel(pb.GetChannelRequest(code="mine"), None)).channel
    assert shown == saved
    assert shown.url == "https://oapi.dingtalk.com/robot/send?access_token=***"
    assert (shown.has_secret, shown.per_minute, shown.version, shown.active) == (True, 10, 1, True)
    async with world.service.database.read() as connection:
        row = str((await connection.execute(text("SELECT * FROM channel WHERE code = 'mine'"))).one())
    assert "verysecret" not in row
    assert "SECabc" not in row


async def test_a_form_read_and_sent_back_keeps_address_and_secret(world: World) -> None:
    shown = await put_channel(world, url=ROBOT, secret="SECabc")

    again = await put_channel(world, url=shown.url, name="新名")

    assert (again.url, again.has_secret, again.version, again.name) == (shown.url, True, 2, "新名")


async def test_a_bad_channel_is_refused_with_every_fault_at_once(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await put_channel(world, "Bad Code", url="http://127.0.0.1/x", per_minute=21, name="x\0", quiet_from="25:00")

    assert reasons(caught) == {
        ("code", "CODE_INVALID"), ("url", "URL_FORBIDDEN"), ("per_minute", "PER_MINUTE_OUT_OF_RANGE"),
        ("name", "TEXT_INVALID"), ("quiet_from", "TIME_INVALID"),
    }  # fmt: skip


async def test_without_a_key_no_secret_is_stored(settings: Settings) -> None:
    service = build(settings.model_copy(update={"secrets_key": type(settings.secrets_key)("")}))

    with pytest.raises(SecretsKeyMissing):
        await service.servicers[0][1].PutChannel(pb.PutChannelRequest(code="mine", kind="dingtalk", url=ROBOT), None)
    await service.database.close()


async def test_what_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(ChannelNotFound):
        await world.api.GetChannel(pb.GetChannelRequest(code="no\0pe"), None)
    with pytest.raises(ChannelNotFound):
        await world.api.TestChannel(pb.TestChannelRequest(code="nope"), None)
    with pytest.raises(SubscriptionNotFound):
        await world.api.GetSubscription(pb.GetSubscriptionRequest(code="nope"), None)
    for wrong in ("nope", str(uuid4()), "\0"):
        with pytest.raises(NotificationNotFound):
            await world.api.ResendNotification(pb.ResendNotificationRequest(id=wrong), None)


async def test_a_test_message_is_an_intent_of_its_own(world: World) -> None:
    context = CommandContext(idempotency_key="k", route="POST /notification-channels/{code}:test", fingerprint="f")
    request = pb.TestChannelRequest(code="order_group", context=context)

    first = await world.api.TestChannel(request, None)
    repeated = await world.api.TestChannel(request, None)
    await world.deliver()

    assert first == repeated
    assert world.sink.texts("order_group") == ["测试消息：通道「订单协同群」已接通。"]


async def test_a_condition_decides_and_a_text_template_is_filled(world: World) -> None:
    await put_subscription(world, condition='data.urgency == "red"', template="急 {order_number} {lines}")
    line = order.EventLine(line_no=1, item_name="A电机", quantity="2", unit="台")

    await world.tell(submitted("SO1"), submitted("SO2", urgency="red", lines=[line]))

    texts = [entry.text for entry in await world.log() if entry.subscription == "mine"]
    assert texts == ["急 SO2 A电机×2台"]


async def test_a_bad_subscription_is_refused_with_every_fault_at_once(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await put_subscription(
            world,
            "x y",
            event_type="orderhub.order.v1.Nothing",
            channel="nowhere",
            escalate_minutes=99999,
            expire_hours=-1,
        )
    assert reasons(caught) == {
        ("code", "CODE_INVALID"), ("event_type", "EVENT_TYPE_UNKNOWN"), ("channel", "CHANNEL_UNKNOWN"),
        ("escalate_minutes", "NUMBER_OUT_OF_RANGE"), ("expire_hours", "NUMBER_OUT_OF_RANGE"),
        ("escalate_channel", "CHANNEL_UNKNOWN"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"condition": "data.urgency =="}, ("condition", "CONDITION_INVALID")),
        ({"condition": "data.nothing == 1"}, ("condition", "CONDITION_INVALID")),
        ({"condition": "secrets == 1"}, ("condition", "CONDITION_INVALID")),
        ({"condition": "data.urgency"}, ("condition", "CONDITION_INVALID")),
        ({"condition": "1+" * 490 + "1 == 2"}, None),
        ({"condition": "+".join(["1"] * 600) + " == 2"}, ("condition", "TEXT_TOO_LONG")),
        (
            {"condition": "data.lines.all(a, data.lines.all(b, data.lines.all(c, true)))"},
            ("condition", "CONDITION_INVALID"),
        ),
        ({"condition": "data.lines.exists(l, double(l.quantity) > 100.0)"}, None),
        ({"template": "{nothing}"}, ("template", "TEMPLATE_FIELD_UNKNOWN")),
        ({"template": "{order_number"}, ("template", "TEMPLATE_INVALID")),
        ({"template": " "}, ("template", "TEMPLATE_REQUIRED")),
        ({"template": "{customer_phone}"}, ("template", "TEMPLATE_FIELD_PRIVATE")),
        ({"role": "{nobody}"}, ("role", "TEMPLATE_FIELD_UNKNOWN")),
    ],
)
async def test_what_a_subscription_may_say(
    world: World, fields: dict[str, str], expected: tuple[str, str] | None
) -> None:
    if expected is None:
        assert (await put_subscription(world, **fields)).version == 1
        return
    with pytest.raises(Invalid) as caught:
        await put_subscription(world, **fields)

    assert expected in reasons(caught)


async def test_every_seeded_subscription_would_be_accepted_again(house: World) -> None:
    seeded = (await house.api.ListSubscriptions(pb.ListSubscriptionsRequest(), None)).subscriptions
    assert len(seeded) >= 15
    for entry in seeded:
        values = {field.name: value for field, value in entry.ListFields() if field.name not in ("code", "version")}
        again = await put_subscription(house, entry.code, **values)
        assert (again.version, again.active) == (2, True)


async def test_the_log_pages_newest_first_and_filters(world: World) -> None:
    await world.tell(submitted("SO1"), submitted("SO2"), fully_shipped("SO1"))
    page = {"page_size": 2}

    first = await world.api.ListNotifications(pb.ListNotificationsRequest(page=page), None)
    await world.tell(submitted("SO3"))
    rest = await world.api.ListNotifications(
        pb.ListNotificationsRequest(page={"page_size": 2, "page_token": first.next_page_token}), None
    )

    assert [entry.order_number for entry in (*first.notifications, *rest.notifications)] == ["SO1", "SO2", "SO1"]
    assert rest.next_page_token == ""
    assert [entry.state for entry in await world.log(order="SO1")] == ["pending", "held"]
    assert [entry.order_number for entry in await world.log(state="held")] == ["SO1"]


@pytest.mark.parametrize("token", ["x", "AAAA", "é", "=" * 50])
async def test_garbage_filters_are_refused_not_crashed_on(world: World, token: str) -> None:
    with pytest.raises(BadPageToken):
        await world.api.ListNotifications(pb.ListNotificationsRequest(page={"page_token": token}), None)
    with pytest.raises(Invalid):
        await world.log(state="lost")
    assert await world.log(order="\0") == []


async def test_a_held_message_goes_when_its_template_no_longer_needs_the_value(world: World) -> None:
    await world.tell(fully_shipped(NUMBER))
    [held] = await world.log(state="held")
    with pytest.raises(StillIncomplete) as caught:
        await world.api.ResendNotification(pb.ResendNotificationRequest(id=held.id), None)
    assert caught.value.params["missing"] == ("tracking_numbers",)

    await put_subscription(
        world, "customer_shipped", event_type="orderhub.order.v1.OrderFullyShipped", channel="customer", role="{customer_id}",
        template="贵司订单{order_number}已全部发出，物流单号{tracking_numbers|见随货单}",
    )  # fmt: skip
    await world.api.ResendNotification(pb.ResendNotificationRequest(id=held.id), None)
    await world.deliver()

    assert world.sink.texts("customer") == [f"贵司订单{NUMBER}已全部发出，物流单号见随货单"]
    with pytest.raises(NotResendable):
        await world.api.ResendNotification(pb.ResendNotificationRequest(id=held.id), None)


async def test_a_switched_off_channel_holds_its_messages(world: World) -> None:
    await world.api.PutChannel(pb.PutChannelRequest(code="order_group", kind="dingtalk", active=False), None)
    await world.tell(submitted())

    [held] = await world.log()
    assert (held.state, held.reason) == ("held", "CHANNEL_NOT_CONNECTED")
    with pytest.raises(NotConnected):
        await world.api.ResendNotification(pb.ResendNotificationRequest(id=held.id), None)


async def test_quiet_hours_wait_for_the_morning_unless_it_is_red(world: World) -> None:
    quiet = {"quiet_from": "21:00", "quiet_to": "08:00"}
    await world.api.PutChannel(pb.PutChannelRequest(code="planning_supervisor", kind="wecom", **quiet), None)
    await world.api.PutChannel(pb.PutChannelRequest(code="order_group", kind="dingtalk", **quiet), None)
    world.clock.advance(timedelta(hours=12))  # 22:00 in Shanghai
    await world.tell(submitted("SO1"), submitted("SO2", urgency="red"), capacity())

    await world.deliver()
    assert ["SO2" in said for said in world.sink.texts("order_group")] == [True]
    assert len(world.sink.texts("planning_supervisor")) == 1  # it is red

    world.clock.advance(timedelta(hours=10, seconds=1))
    await world.deliver()
    assert ["SO1" in said for said in world.sink.texts("order_group")] == [False, True]


async def test_what_nobody_reads_in_time_is_passed_on_once(world: World) -> None:
    await put_subscription(world, template="看 {order_number}", escalate_minutes=30, escalate_channel="escalation")
    await world.tell(submitted("SO1"), submitted("SO2"))
    await world.deliver()
    read = next(entry for entry in await world.log() if entry.subscription == "mine" and entry.order_number == "SO2")
    await world.api.AcknowledgeNotification(pb.AcknowledgeNotificationRequest(id=read.id), None)

    world.clock.advance(timedelta(minutes=31))
    counts = [await world.engine.watch.look() for _ in range(2)]
    await world.deliver()

    assert counts == [1, 0]
    assert ["【未读升级】看 SO1" in said for said in world.sink.texts("escalation")] == [True]


async def test_operations_hear_of_what_is_stuck_once(world: World) -> None:
    await world.tell(fully_shipped(NUMBER))
    await world.api.PutChannel(pb.PutChannelRequest(code="order_group", kind="dingtalk", active=False), None)
    await world.tell(submitted("SO1"), submitted("SO2"))

    counts = [await world.engine.watch.look() for _ in range(2)]
    await world.deliver()

    assert counts == [4, 0]  # two alarms, each by the operations' channel and in the administrator's mailbox
    told = world.sink.texts("escalation")
    assert "原因：缺少内容，详情：物流单号" in told[0]
    assert "通道 订单协同群，原因：通道未接通" in told[1]


async def test_an_exhausted_message_reaches_operations_and_never_goes_round_in_circles(world: World) -> None:
    from orderhub.notify.v1 import events_pb2 as notify

    lost = {"order_number": NUMBER, "attempt_count": 10, "last_error": "HTTP 500"}
    await world.tell(
        notify.NotificationExhausted(notification_id="a", channel="planner", **lost),
        notify.NotificationExhausted(notification_id="b", channel="escalation", **lost),
    )

    [told] = await world.log()
    assert told.text == f"消息发送失败，请处理：订单 {NUMBER}，通道 计划员，已试 10 次，最后错误：HTTP 500"


async def test_in_production_nothing_goes_to_a_sink_and_nothing_is_lost(settings: Settings, world: World) -> None:
    service = build(settings.model_copy(update={"profile": "production"}))
    found = await service.servicers[0][1].ListChannels(pb.ListChannelsRequest(), None)

    assert {channel.kind for channel in found.channels if channel.active} == {"in_app"}
    await service.inbox().take([world.event(submitted())])
    assert [entry.state for entry in await world.log()] == ["held"]
    await service.database.close()


async def test_a_customer_without_a_bound_identity_is_told_through_sales(world: World) -> None:
    wechat = "https://api.weixin.qq.com/cgi-bin/message/custom/send"
    await world.api.PutChannel(
        pb.PutChannelRequest(code="customer", kind="wechat_mp", url=wechat, secret="app:key"), None
    )
    await world.api.BindRecipient(pb.BindRecipientRequest(kind="wechat_mp", recipient="c2", address="openid2"), None)
    await world.tell(fully_shipped("SO1", "SF1", customer_id="c1"), fully_shipped("SO2", "SF2", customer_id="c2"))

    parcel = await world.engine.deliveries.claim("customer")
    await world.engine.drain("sales")

    assert parcel is not None
    assert (parcel.recipient, parcel.text) == ("openid2", "贵司订单SO2已全部发出，物流单号SF2")
    assert world.sink.texts("sales") == ["客户尚未绑定微信，请转告：贵司订单SO1已全部发出，物流单号SF1"]


async def test_a_binding_is_checked_and_can_be_taken_back(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await world.api.BindRecipient(pb.BindRecipientRequest(kind="pigeon", address="x" * 201), None)
    assert reasons(caught) == {
        ("kind", "KIND_UNKNOWN"),
        ("address", "TEXT_TOO_LONG"),
        ("recipient", "REQUIRED"),
    }

    for address in ("o1", "o2", "", ""):
        reply = await world.api.BindRecipient(
            pb.BindRecipientRequest(kind="wechat_mp", recipient="c", address=address), None
        )
        assert reply.bound == bool(address)


def test_every_refusal_has_a_code() -> None:
    from notify_service.entrypoints.error_map import ERRORS

    assert set(ERRORS) == set(Refused.__subclasses__())
