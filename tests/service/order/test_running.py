"""The whole service on a real broker: an order in and its events out; a receipt in; refusals across gRPC."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import grpc
import pytest
import pytest_asyncio
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import customer_pb2, order_pb2
from orderhub.order.v1.customer_pb2_grpc import CustomerServiceStub
from orderhub.order.v1.order_pb2_grpc import OrderServiceStub
from pydantic import SecretStr

from chassis.broker import Outgoing, RabbitPublisher
from chassis.errors import from_rpc_error
from chassis.events import EXCHANGE
from chassis.run import serve
from order_service.wiring import Settings, build
from tests.service.order.conftest import World
from tests.support.events import incoming
from tests.support.trust import metadata
from tests.support.waiting import eventually


@pytest_asyncio.fixture
async def running(world: World, broker: str) -> AsyncIterator[Settings]:
    """The service as its process runs it, on a free port."""
    probe = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    changes = {"amqp_url": SecretStr(broker), "grpc_bind": f"127.0.0.1:{port}"}
    live = world.service.settings.model_copy(update=changes)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(build(live), stop))
    try:
        yield live
    finally:
        stop.set()
        await asyncio.wait_for(serving, 30)


@pytest_asyncio.fixture
async def channel(running: Settings) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(running.grpc_bind) as opened:
        await opened.channel_ready()
        yield opened


def submission(world: World, key: str, **values: Any) -> order_pb2.SubmitOrderRequest:
    context = CommandContext(idempotency_key=key, route="POST /orders", fingerprint=str(sorted(values)))
    return order_pb2.SubmitOrderRequest(
        context=context, customer_id=values.pop("customer_id", world.customer.id), channel="wechat", due_date="2027-03-01",
        lines=[order_pb2.LineEntry(item_code="A", quantity="2")], confirm=True, **values,
    )  # fmt: skip


async def told(queue: aio_pika.abc.AbstractQueue) -> dict[str, Any]:
    message = await queue.get(timeout=10, fail=False)
    if message is None:
        return {}
    await message.ack()
    return json.loads(message.body)


async def test_an_order_goes_out_and_its_receipt_comes_in(world: World, channel: grpc.aio.Channel, broker: str) -> None:
    connection = await aio_pika.connect(broker)
    queue = await (await connection.channel()).declare_queue(exclusive=True)
    await queue.bind(EXCHANGE, "orderhub.order.v1.#")
    orders = OrderServiceStub(channel)
    call = orders.SubmitOrder(submission(world, "k1"), metadata=metadata("order", "li.na", "clerk"))
    order = (await call).order
    assert order.created_by == "li.na"
    marks = dict(await call.trailing_metadata())["x-orderhub-marks"]
    assert marks == f"/orderhub/order|orders/{order.number}|2"

    seen: dict[str, dict[str, Any]] = {}
    while "orderhub.order.v1.OrderConfirmed" not in seen:
        event = await eventually(lambda: told(queue))
        seen[event["type"]] = event
    confirmed = seen["orderhub.order.v1.OrderConfirmed"]
    assert (confirmed["subject"], confirmed["sequence"], confirmed["actor"]) == (f"orders/{order.number}", 2, "li.na")
    assert confirmed["data"]["lines"][0]["quantity"] == "2"

    receipt = inventory.GoodsReceived(
        order_number=order.number, receipt_number="GR1", line_no=1, item_code="A", quantity="2", unit="台",
        finished_good=True,
    )  # fmt: skip
    publisher = RabbitPublisher(broker, "inventory")
    event_in = incoming("inventory", "receipts/GR1", 1, receipt)
    await publisher.publish(Outgoing(str(event_in.event_id), event_in.type, event_in.body, event_in.traceparent))
    await publisher.close()

    async def received() -> bool:
        answer = await orders.GetOrder(order_pb2.GetOrderRequest(order=order.number), metadata=metadata("order"))
        return answer.order.lines[0].received_quantity == "2"

    await eventually(received)
    await connection.close()


async def test_a_replay_says_so_and_refusals_carry_their_numbers(world: World, channel: grpc.aio.Channel) -> None:
    orders = OrderServiceStub(channel)
    request = submission(world, "k2", source_ref="WX-1")
    first = await orders.SubmitOrder(request, metadata=metadata("order"))
    again = orders.SubmitOrder(request, metadata=metadata("order"))
    assert await again == first
    assert dict(await again.trailing_metadata())["x-orderhub-replayed"] == "1"

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await orders.SubmitOrder(submission(world, "k3", source_ref="WX-1"), metadata=metadata("order"))
    remote = from_rpc_error(caught.value)
    assert (remote.code, remote.reason) == (grpc.StatusCode.ALREADY_EXISTS, "DUPLICATE_SOURCE_REF")
    assert remote.params["order_number"] == first.order.number

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await orders.SubmitOrder(
            submission(world, "k4", customer_id="nobody", urgency="purple"), metadata=metadata("order")
        )
    fields = {problem.field: problem.reason for problem in from_rpc_error(caught.value).fields}
    assert fields == {"customer_id": "CUSTOMER_UNKNOWN", "urgency": "URGENCY_UNKNOWN"}


async def test_an_illegal_move_crosses_with_what_is_allowed(world: World, channel: grpc.aio.Channel) -> None:
    orders = OrderServiceStub(channel)
    order = (await orders.SubmitOrder(submission(world, "k5"), metadata=metadata("order"))).order
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await orders.MoveOrder(order_pb2.MoveOrderRequest(order=order.id, move="confirm"), metadata=metadata("order"))
    remote = from_rpc_error(caught.value)
    assert (remote.code, remote.params["allowed"]) == (
        grpc.StatusCode.FAILED_PRECONDITION, "plan,cancel,hold,revise",
    )  # fmt: skip


async def test_nobody_comes_in_without_a_signature(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await CustomerServiceStub(channel).ListCustomers(customer_pb2.ListCustomersRequest())

    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
