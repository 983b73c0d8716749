"""A person to be forgotten is forgotten here too: where they are reached, what waits for them, who signed (row 38)."""

from __future__ import annotations

from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.order.v1.events_pb2 import ContactErased, OrderSigned

from chassis.sql import text
from tests.service.notify.conftest import World
from tests.service.notify.messages import fully_shipped

ERASED = ContactErased(customer_id="c2", order_numbers=["SO2"])


async def reached(world: World) -> None:
    """Let c1 and c2 be reached by WeChat, each with a message under way, and tell a group who signed."""
    url = "https://api.weixin.qq.com/cgi-bin/message/custom/send"
    channel = pb.PutChannelRequest(code="customer", kind="wechat_mp", url=url, secret="app:key")
    await world.api.PutChannel(channel, None)
    for customer in ("c1", "c2"):
        bound = pb.BindRecipientRequest(kind="wechat_mp", recipient=customer, address=f"openid-{customer}")
        await world.api.BindRecipient(bound, None)
    signed = pb.PutSubscriptionRequest(
        code="signed", event_type="orderhub.order.v1.OrderSigned", channel="order_group", role="order_group",
        template="{order_number} {signed_by}", active=True,
    )  # fmt: skip
    await world.api.PutSubscription(signed, None)
    await world.tell(
        fully_shipped("SO1", "SF1", customer_id="c1"), fully_shipped("SO2", "SF2", customer_id="c2"),
        OrderSigned(order_number="SO1", signed_by="李工"), OrderSigned(order_number="SO2", signed_by="王工"),
    )  # fmt: skip


async def kept(world: World) -> str:
    """Return all the database holds of people, as text."""
    async with world.service.database.read() as connection:
        asked = ("SELECT * FROM recipient_address", "SELECT recipient, address, text, data, event FROM notification")
        return str([[tuple(row) for row in await connection.execute(text(one))] for one in asked])


async def test_where_they_are_reached_and_who_signed_is_gone_and_others_stay(world: World) -> None:
    await reached(world)

    await world.tell(ERASED)

    said = await kept(world)
    assert "openid-c2" not in said
    assert "王工" not in said
    assert "openid-c1" in said
    assert "李工" in said
    parcel = await world.engine.deliveries.claim("customer")
    assert parcel is not None
    assert parcel.recipient == "openid-c1"
    assert await world.engine.deliveries.claim("customer") is None
    (entry,) = [one for one in await world.log() if one.recipient == "c2"]
    assert (entry.state, entry.reason) == ("expired", "CONTACT_ERASED")


async def test_the_same_event_twice_forgets_once(world: World) -> None:
    await reached(world)
    events = await world.tell(ERASED)
    once = await kept(world)

    await world.inbox().take(events)
    await world.inbox().take([world.event(ERASED, "customers/c2-again")])

    assert await kept(world) == once


async def test_an_order_told_of_after_the_erasure_reaches_nobody_by_the_old_way(world: World) -> None:
    url = "https://api.weixin.qq.com/cgi-bin/message/custom/send"
    await world.api.PutChannel(pb.PutChannelRequest(code="customer", kind="wechat_mp", url=url, secret="app:key"), None)
    await world.api.BindRecipient(pb.BindRecipientRequest(kind="wechat_mp", recipient="c2", address="openid-c2"), None)
    late = world.event(fully_shipped("SO2", "SF2", customer_id="c2"))  # told before, arriving after

    await world.inbox().take([world.event(ERASED, "customers/c2"), late])

    assert "openid-c2" not in await kept(world)
    assert await world.engine.deliveries.claim("customer") is None
