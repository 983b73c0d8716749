"""The whole service on a real broker: a plan in, holdings out; commands and refusals across gRPC."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import grpc
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.inventory.v1 import inventory_pb2 as pb
from orderhub.inventory.v1.inventory_pb2_grpc import GoodsServiceStub, StockServiceStub
from orderhub.planning.v1 import events_pb2 as planning
from pydantic import SecretStr

from chassis.broker import Outgoing, RabbitPublisher
from chassis.errors import from_rpc_error
from chassis.events import EXCHANGE
from chassis.run import serve
from inventory_service.wiring import Settings, build
from tests.service.inventory.worlds import Worlds, made
from tests.support.events import TRACE, incoming
from tests.support.postgres import TestDatabases
from tests.support.trust import metadata
from tests.support.waiting import eventually


@pytest_asyncio.fixture
async def running(databases: TestDatabases, broker: str) -> AsyncIterator[Settings]:
    """The service as its process runs it, on a free port."""
    worlds = Worlds(databases)
    world = await worlds.make()
    probe = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    changes = {"amqp_url": SecretStr(broker), "grpc_bind": f"127.0.0.1:{port}"}
    live = world.service.settings.model_copy(update=changes)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(build(live), stop))
    yield live
    stop.set()
    await asyncio.wait_for(serving, 30)
    await worlds.close()


async def publish(broker: str, subject: str, sequence: int, message: Message) -> None:
    publisher = RabbitPublisher(broker, "planning")
    event = incoming("planning", subject, sequence, message)
    await publisher.publish(Outgoing(str(event.event_id), event.type, event.body, event.traceparent))
    await publisher.close()


async def told(queue: aio_pika.abc.AbstractQueue) -> dict[str, Any]:
    message = await queue.get(timeout=10, fail=False)
    if message is None:
        return {}
    await message.ack()
    return json.loads(message.body)


async def test_a_plan_comes_in_and_holdings_go_out(running: Settings, broker: str) -> None:
    connection = await aio_pika.connect(broker)
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(EXCHANGE, "orderhub.inventory.v1.#")
    async with grpc.aio.insecure_channel(running.grpc_bind) as grpc_channel:
        await grpc_channel.channel_ready()
        stock = StockServiceStub(grpc_channel)
        await stock.PostMovement(
            pb.PostMovementRequest(
                context=CommandContext(idempotency_key="k", route="POST /stock/movements", fingerprint="f"),
                kind="receipt", lines=[pb.StockLine(item_code="X", quantity="3")],
            ),
            metadata=metadata("inventory", "cang.ku", "warehouse"),
        )  # fmt: skip
        assert (await eventually(lambda: told(queue)))["type"] == "orderhub.inventory.v1.StockAdjusted"
        order = planning.OrderPlanned(order_number="SO1", production_orders=[made("PO1", "A", "1", ("X", "5"))])

        started = time.perf_counter()
        await publish(broker, "orders/SO1", 1, order)
        answer = await eventually(lambda: told(queue))
        print(f"plan -> ComponentsShort: {(time.perf_counter() - started) * 1000:.0f} ms")

        assert (answer["type"], answer["subject"]) == ("orderhub.inventory.v1.ComponentsShort", "production-orders/PO1")
        assert answer["traceparent"][3:35] == TRACE[3:35]
        assert answer["data"]["lines"][0] == {
            "line_no": 1, "item_code": "X", "required": "5", "reserved": "3", "issued": "0", "short": "2", "unit": "件",
            "revision": 1,
        }  # fmt: skip
    await connection.close()


async def test_refusals_cross_grpc_with_their_numbers(running: Settings) -> None:
    async with grpc.aio.insecure_channel(running.grpc_bind) as channel:
        await channel.channel_ready()
        context = CommandContext(idempotency_key="k", route="POST /receipts", fingerprint="f")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await GoodsServiceStub(channel).ReceiveGoods(
                pb.ReceiveGoodsRequest(context=context, production_order="none", quantity="1"),
                metadata=metadata("inventory"),
            )
        remote = from_rpc_error(caught.value)
        assert (remote.code, remote.reason) == (grpc.StatusCode.NOT_FOUND, "PRODUCTION_ORDER_UNKNOWN")
        assert remote.params == {"production_order": "none"}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await StockServiceStub(channel).GetStock(pb.GetStockRequest(item_code="X"))
        assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
