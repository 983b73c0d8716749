"""The service as it is wired, over a real gRPC connection."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio
from grpc_health.v1 import health
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.planning.v1 import master_pb2 as m
from orderhub.planning.v1 import master_pb2_grpc, production_pb2_grpc
from orderhub.planning.v1 import production_pb2 as p
from pydantic import SecretStr

from chassis.errors import from_rpc_error
from chassis.grpc_client import Peer
from chassis.principal import METADATA_KEY
from chassis.run import start_grpc
from planning_service.wiring import Settings, build
from tests.support.postgres import TestDatabases
from tests.support.trust import keys, metadata, signer, trusted


@pytest_asyncio.fixture
async def channel(databases: TestDatabases) -> AsyncIterator[grpc.aio.Channel]:
    port = _free_port()
    service = build(
        Settings(
            database_url=SecretStr(await databases.create("planning")),
            amqp_url=SecretStr("amqp://nobody@127.0.0.1:1/none"),
            grpc_bind=f"127.0.0.1:{port}",
            order_target="127.0.0.1:1",
            inventory_target="127.0.0.1:1",
            signing_key=SecretStr(keys()["planning"]),
            trusted_keys=trusted(),
            profile="test",
        )
    )
    server = await start_grpc(service, health.aio.HealthServicer())
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    await server.stop(0)
    for close in service.closers:
        await close()
    await service.database.close()


def _free_port() -> int:

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_an_item_goes_in_and_comes_out(channel: grpc.aio.Channel) -> None:
    stub = master_pb2_grpc.MasterServiceStub(channel)
    who = metadata("planning")
    await stub.PutItem(m.PutItemRequest(code="C", name="线缆", unit="m", supply="buy"), metadata=who, timeout=5)

    found = await stub.GetItem(m.GetItemRequest(code="C"), metadata=who, timeout=5)

    assert found.item.name == "线缆"


async def test_refusals_carry_reason_and_fields(channel: grpc.aio.Channel) -> None:
    stub = master_pb2_grpc.MasterServiceStub(channel)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.PutItem(m.PutItemRequest(code="", unit="尺"), metadata=metadata("planning"), timeout=5)

    remote = from_rpc_error(refused.value)
    assert (remote.code, remote.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert {(f.field, f.reason) for f in remote.fields} >= {("code", "REQUIRED"), ("unit", "UNIT_UNKNOWN")}


async def test_nobody_comes_in_without_a_principal(channel: grpc.aio.Channel) -> None:
    stub = master_pb2_grpc.MasterServiceStub(channel)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.GetItem(m.GetItemRequest(code="C"), timeout=5)
    forged = [(METADATA_KEY, signer().token(signer().itself(), "order"))]
    with pytest.raises(grpc.aio.AioRpcError) as foreign:
        await stub.GetItem(m.GetItemRequest(code="C"), metadata=forged, timeout=5)

    assert {refused.value.code(), foreign.value.code()} == {grpc.StatusCode.UNAUTHENTICATED}


async def test_a_service_may_ask_but_not_command(channel: grpc.aio.Channel) -> None:
    asker = Peer("planning", "127.0.0.1:1", signer("inventory"))
    who = [(METADATA_KEY, signer("inventory").token(signer("inventory").itself(), "planning"))]
    stub = master_pb2_grpc.MasterServiceStub(channel)
    await stub.BatchGetItems(m.BatchGetItemsRequest(codes=["C"]), metadata=who, timeout=5)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.PutItem(m.PutItemRequest(code="C", name="C", unit="m"), metadata=who, timeout=5)
    await asker.close()

    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_without_the_order_service_planning_is_unavailable_not_hanging(channel: grpc.aio.Channel) -> None:
    stub = production_pb2_grpc.PlanningServiceStub(channel)
    context = CommandContext(idempotency_key="k", route="POST /orders/{id}:plan", fingerprint="f")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.PlanOrder(p.PlanOrderRequest(context=context, order="SO1"), metadata=metadata("planning"), timeout=5)

    assert refused.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
