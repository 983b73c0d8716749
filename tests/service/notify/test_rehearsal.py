"""What a subscription would say, before anybody hears it."""

from __future__ import annotations

import pytest
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.notify.v1 import notify_pb2 as pb

from notify_service.domain.errors import Invalid, NotConnected, SubscriptionNotFound
from notify_service.entrypoints.rehearsal_api import RehearsalApi
from tests.service.notify.conftest import World
from tests.service.notify.test_api import SUBMITTED, reasons


def rehearsal(world: World) -> RehearsalApi:
    return world.service.servicers[3][1]


async def preview(world: World, **fields: object) -> pb.GetPreviewResponse:
    known = {"code": "mine", "event_type": SUBMITTED, "channel": "order_group", "template": "订单 {order_number}"}
    request = pb.GetPreviewRequest(subscription=pb.PutSubscriptionRequest(**{**known, **fields}))
    return await rehearsal(world).GetPreview(request, None)


async def test_a_preview_fills_the_text_and_names_whom_it_reaches_and_stores_nothing(world: World) -> None:
    shown = await preview(
        world, template="{order_number} {customer_name} {urgency}", role="planner,{sales_owner}",
        condition='data.urgency == "red"',
    )  # fmt: skip
    unlike = await preview(world, condition='data.urgency == "green"')

    assert shown.text == "SO20260214-0001 苏州启明机电 红"
    assert (list(shown.recipients), shown.matches, unlike.matches) == (["planner", "李雷"], True, False)
    with pytest.raises(SubscriptionNotFound):
        await world.api.GetSubscription(pb.GetSubscriptionRequest(code="mine"), None)


async def test_a_preview_refuses_what_saving_would_refuse_all_at_once(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await preview(world, template="{nothing} {customer_phone}", condition="data.x ==", quiet_from="9:00")

    assert {("template", "TEMPLATE_FIELD_UNKNOWN"), ("condition", "CONDITION_INVALID"),
            ("quiet_from", "TIME_INVALID")} <= reasons(caught)  # fmt: skip


async def test_every_seeded_subscription_reads_well_in_a_rehearsal(house: World) -> None:
    seeded = (await house.api.ListSubscriptions(pb.ListSubscriptionsRequest(), None)).subscriptions
    for entry in seeded:
        await rehearsal(house).TestSubscription(pb.TestSubscriptionRequest(code=entry.code), None)

    said = [entry.text for entry in await house.log()]

    assert len(said) == len(seeded)
    assert all(text.startswith("【测试】") and "{" not in text for text in said)
    assert all(entry.subscription == "test" for entry in await house.log())


async def test_a_test_goes_out_once_however_often_it_is_asked(world: World) -> None:
    context = CommandContext(idempotency_key="k", route="POST /subscriptions/{code}:test", fingerprint="f")
    request = pb.TestSubscriptionRequest(context=context, code="shortage")

    first, again = [await rehearsal(world).TestSubscription(request, None) for _ in range(2)]
    await world.deliver()

    assert first == again
    [said] = world.sink.texts("planner")
    assert said.startswith("【测试】缺料预警：A电机差5件")


async def test_a_test_is_refused_where_nothing_can_leave(world: World) -> None:
    await world.api.PutChannel(pb.PutChannelRequest(code="planner", kind="wecom", active=False), None)

    with pytest.raises(NotConnected):
        await rehearsal(world).TestSubscription(pb.TestSubscriptionRequest(code="shortage"), None)
    for wrong in ("nope", "a\0"):
        with pytest.raises(SubscriptionNotFound):
            await rehearsal(world).TestSubscription(pb.TestSubscriptionRequest(code=wrong), None)


async def test_every_event_tells_its_fields_with_an_example(world: World) -> None:
    found = (await rehearsal(world).ListEventTypes(pb.ListEventTypesRequest(), None)).event_types

    types = {entry.name: {field.name: field for field in entry.fields} for entry in found}
    fields = types[SUBMITTED]
    assert (fields["customer_name"].kind, fields["customer_name"].example) == ("text", "苏州启明机电")
    assert fields["lines"].kind == "list"
    assert fields["urgency"].example == "红"
    assert all(field.kind for entry in types.values() for field in entry.values())
