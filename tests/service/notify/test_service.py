"""The whole service on a real broker: from an event on the exchange to the robot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import pytest_asyncio
from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.notify.v1.notify_pb2_grpc import NotifyServiceStub
from pydantic import SecretStr

from chassis.broker import Outgoing, RabbitPublisher
from chassis.errors import from_rpc_error
from chassis.run import serve
from notify_service.wiring import Settings, build
from tests.service.notify.conftest import Sink
from tests.service.notify.messages import submitted
from tests.support.events import incoming
from tests.support.trust import metadata
from tests.support.waiting import eventually


@pytest_asyncio.fixture
async def running(settings: Settings, broker: str) -> AsyncIterator[Settings]:
    """The service as its process runs it, on a free port."""
    probe = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    live = settings.model_copy(update={"amqp_url": SecretStr(broker), "grpc_bind": f"127.0.0.1:{port}"})
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(build(live), stop))
    yield live
    stop.set()
    await asyncio.wait_for(serving, 30)


async def test_an_event_reaches_the_robot_at_once_and_the_log_tells_of_it(
    running: Settings, sink: Sink, broker: str
) -> None:
    publisher = RabbitPublisher(broker, "order")
    waits = []
    for n in range(9):
        event = incoming("order", f"orders/SO{n}", 1, submitted(f"SO{n}"))
        started = time.perf_counter()
        await publisher.publish(Outgoing(str(event.event_id), event.type, event.body, event.traceparent))
        await eventually(lambda n=n: _told(sink, f"SO{n}"), every=0.002)
        waits.append(time.perf_counter() - started)
    await publisher.close()

    print(f"event -> robot: {[round(wait * 1000) for wait in waits]} ms")
    assert sorted(waits)[4] < 1.0
    async with grpc.aio.insecure_channel(running.grpc_bind) as channel:
        stub = NotifyServiceStub(channel)
        request = pb.ListNotificationsRequest(order="SO8")

        async def sent() -> bool:
            found = await stub.ListNotifications(request, metadata=metadata("notify"))
            return [entry.state for entry in found.notifications] == ["sent"]

        await eventually(sent)


async def _told(sink: Sink, number: str) -> bool:
    return any(number in said for said in sink.texts("order_group"))


async def test_refusals_cross_grpc_with_reason_and_fields(running: Settings) -> None:
    async with grpc.aio.insecure_channel(running.grpc_bind) as channel:
        stub = NotifyServiceStub(channel)
        await channel.channel_ready()
        request = pb.PutChannelRequest(code="x", kind="pigeon")
        try:
            await stub.PutChannel(request, metadata=metadata("notify"))
        except grpc.aio.AioRpcError as error:
            remote = from_rpc_error(error)
        assert (remote.code, remote.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")
        assert [(field.field, field.reason) for field in remote.fields] == [("kind", "KIND_UNKNOWN")]
