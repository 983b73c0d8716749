"""The front of every service: who may call, what a refusal looks like, and when a query may be answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
import pytest_asyncio
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from orderhub.order.v1 import order_pb2, order_pb2_grpc
from orderhub.planning.v1.events_pb2 import OrderPlanned

from chassis import grpc_client, grpc_server, notes, principal
from chassis.database import Database
from chassis.errors import FieldProblem, Remote
from chassis.grpc_client import Peer
from chassis.grpc_server import OPTIONS, Front
from chassis.inbox import Inbox
from chassis.outbox import Mark
from chassis.principal import Principal
from chassis.schema import TABLES
from tests.support.events import incoming
from tests.support.postgres import TestDatabases
from tests.support.trust import signer, verifier


class NoSuchOrder(Exception):
    reason = "ORDER_UNKNOWN"
    params = {"order": "SO1", "allowed": ["confirm", "cancel"]}
    fields = (FieldProblem("order", "ORDER_UNKNOWN", {"order": "SO1"}),)


class Orders(order_pb2_grpc.OrderServiceServicer):
    """Behaves as each test says."""

    behaviour: Callable[[Any], Awaitable[Any]]

    async def GetOrder(self, request: Any, context: Any) -> Any:
        return await self.behaviour(request)

    async def MoveOrder(self, request: Any, context: Any) -> Any:
        return await self.behaviour(request)


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "order")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def orders(database: Database) -> AsyncIterator[tuple[Orders, str]]:
    servicer = Orders()
    server = grpc.aio.server(
        interceptors=[Front("order", verifier("order"), {NoSuchOrder: grpc.StatusCode.NOT_FOUND}, database)],
        options=OPTIONS,
    )
    order_pb2_grpc.add_OrderServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield servicer, f"127.0.0.1:{port}"
    await server.stop(None)


async def answer(request: Any) -> Any:
    return order_pb2.GetOrderResponse(order=order_pb2.Order(created_by=principal.actor()))


async def test_a_signed_principal_is_let_in_and_named(orders: tuple[Orders, str]) -> None:
    servicer, target = orders
    servicer.behaviour = answer
    peer = Peer("order", target, signer())
    principal.current.set(Principal("wang", roles=frozenset({"sales"})))

    reply, _ = await peer.pass_on(order_pb2_grpc.OrderServiceStub(peer.channel).GetOrder, order_pb2.GetOrderRequest())

    assert reply.order.created_by == "wang"
    await peer.close()


async def test_a_call_goes_on_in_the_trace_of_its_caller(
    orders: tuple[Orders, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(grpc_client, "tracer", provider.get_tracer("caller"))
    monkeypatch.setattr(grpc_server, "tracer", provider.get_tracer("callee"))
    servicer, target = orders
    servicer.behaviour = refuse
    peer = Peer("order", target, signer())

    with provider.get_tracer("test").start_as_current_span("tap"), pytest.raises(Remote):
        await peer.pass_on(order_pb2_grpc.OrderServiceStub(peer.channel).GetOrder, order_pb2.GetOrderRequest())

    by_kind = {span.kind.name: span for span in spans.get_finished_spans()}
    assert {span.context.trace_id for span in by_kind.values()} == {by_kind["INTERNAL"].context.trace_id}
    assert by_kind["SERVER"].parent.span_id == by_kind["CLIENT"].context.span_id
    assert by_kind["CLIENT"].parent.span_id == by_kind["INTERNAL"].context.span_id
    assert {by_kind[kind].status.is_ok for kind in ("SERVER", "CLIENT")} == {False}
    await peer.close()


async def refuse(request: Any) -> Any:
    raise NoSuchOrder


@pytest.mark.parametrize("metadata", [[], [("x-orderhub-principal", "forged.token.here")]])
async def test_without_a_trusted_principal_nothing_is_answered(
    orders: tuple[Orders, str], metadata: list[tuple[str, str]]
) -> None:
    servicer, target = orders
    servicer.behaviour = answer
    async with grpc.aio.insecure_channel(target) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await order_pb2_grpc.OrderServiceStub(channel).GetOrder(
                order_pb2.GetOrderRequest(), metadata=metadata, timeout=2
            )

    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_for_another_service_is_refused(orders: tuple[Orders, str]) -> None:
    _, target = orders
    peer = Peer("planning", target, signer())

    with pytest.raises(Remote) as refused:
        await peer.pass_on(order_pb2_grpc.OrderServiceStub(peer.channel).GetOrder, order_pb2.GetOrderRequest())

    assert refused.value.code is grpc.StatusCode.UNAUTHENTICATED
    await peer.close()


async def test_a_service_may_ask_but_never_command(orders: tuple[Orders, str]) -> None:
    servicer, target = orders
    servicer.behaviour = answer
    peer = Peer("order", target, signer("planning"))
    stub = order_pb2_grpc.OrderServiceStub(peer.channel)

    assert await peer.ask(stub.GetOrder, order_pb2.GetOrderRequest())
    with pytest.raises(Remote) as refused:
        await peer.ask(stub.MoveOrder, order_pb2.MoveOrderRequest())

    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED
    await peer.close()


async def test_a_refusal_keeps_its_reason_numbers_and_fields(orders: tuple[Orders, str]) -> None:
    servicer, target = orders

    async def refuse(request: Any) -> Any:
        raise NoSuchOrder

    servicer.behaviour = refuse
    peer = Peer("order", target, signer("planning"))

    with pytest.raises(Remote) as refused:
        await peer.ask(order_pb2_grpc.OrderServiceStub(peer.channel).GetOrder, order_pb2.GetOrderRequest())

    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.NOT_FOUND, "ORDER_UNKNOWN")
    assert refused.value.params == {"order": "SO1", "allowed": "confirm,cancel"}
    assert refused.value.fields == (FieldProblem("order", "ORDER_UNKNOWN", {"order": "SO1"}),)
    await peer.close()


async def test_an_unforeseen_error_leaks_nothing(orders: tuple[Orders, str]) -> None:
    servicer, target = orders

    async def fail(request: Any) -> Any:
        raise KeyError("secret detail")

    servicer.behaviour = fail
    peer = Peer("order", target, signer("planning"))

    with pytest.raises(Remote) as refused:
        await peer.ask(order_pb2_grpc.OrderServiceStub(peer.channel).GetOrder, order_pb2.GetOrderRequest())

    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL_ERROR")
    assert "secret" not in str(refused.value)
    await peer.close()


async def test_a_slow_method_ends_at_the_callers_deadline(orders: tuple[Orders, str]) -> None:
    servicer, target = orders
    cancelled = asyncio.Event()

    async def hang(request: Any) -> Any:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    servicer.behaviour = hang
    peer = Peer("order", target, signer("planning"))

    with pytest.raises(Remote) as refused:
        await peer.ask(order_pb2_grpc.OrderServiceStub(peer.channel).GetOrder, order_pb2.GetOrderRequest(), timeout=0.3)

    assert refused.value.unavailable
    await asyncio.wait_for(cancelled.wait(), 2)
    await peer.close()


async def test_a_query_waits_until_the_callers_last_command_is_seen(
    orders: tuple[Orders, str], database: Database
) -> None:
    servicer, target = orders
    servicer.behaviour = answer
    peer = Peer("order", target, signer())
    principal.current.set(Principal("wang"))
    notes.after.set((Mark("/orderhub/planning", "orders/SO1", 1),))
    stub = order_pb2_grpc.OrderServiceStub(peer.channel)

    query = asyncio.create_task(peer.pass_on(stub.GetOrder, order_pb2.GetOrderRequest()))
    done, _ = await asyncio.wait({query}, timeout=0.2)
    assert not done
    await Inbox(database, "order.events", {}).take([incoming("planning", "orders/SO1", 1, OrderPlanned())])

    await asyncio.wait_for(query, 1)
    notes.after.set(())
    await peer.close()


async def test_a_call_that_moved_thousands_of_things_is_answered_with_the_latest_marks(
    orders: tuple[Orders, str],
) -> None:
    servicer, target = orders
    marks = [Mark("/orderhub/planning", f"boms/物料{n}", 1) for n in range(5_000)]

    async def moved(request: Any) -> Any:
        notes.note_marks(marks)
        return order_pb2.GetOrderResponse()

    servicer.behaviour = moved
    peer = Peer("order", target, signer())
    principal.current.set(Principal("wang"))

    _, beside = await peer.pass_on(order_pb2_grpc.OrderServiceStub(peer.channel).GetOrder, order_pb2.GetOrderRequest())

    assert 500 < len(beside.marks) < 5_000
    assert beside.marks == marks[-len(beside.marks) :]
    await peer.close()


async def test_thousands_of_wrong_fields_are_told_as_far_as_a_call_carries_them(orders: tuple[Orders, str]) -> None:
    servicer, target = orders

    class Wrong(NoSuchOrder):
        fields = tuple(FieldProblem(f"lines.{n}.item_code", "ITEM_UNKNOWN", {"item": "料" * 40}) for n in range(2_000))

    async def refuse(request: Any) -> Any:
        raise Wrong

    servicer.behaviour = refuse
    peer = Peer("order", target, signer("planning"))

    with pytest.raises(Remote) as refused:
        await peer.ask(order_pb2_grpc.OrderServiceStub(peer.channel).GetOrder, order_pb2.GetOrderRequest())

    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.NOT_FOUND, "ORDER_UNKNOWN")
    assert 50 < len(refused.value.fields) < 2_000
    assert refused.value.fields == Wrong.fields[: len(refused.value.fields)]
    await peer.close()


async def test_whatever_an_interrupted_driver_says_the_deadline_is_what_happened() -> None:
    async def interrupted(request: Any, context: Any) -> Any:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RuntimeError("another operation is in progress") from None

    class Call:
        def invocation_metadata(self) -> list[tuple[str, str]]:
            return [(principal.METADATA_KEY, signer().token(Principal("wang"), "order"))]

        def time_remaining(self) -> float:
            return 0.01

    front = Front("order", verifier("order"), {}, database=None)  # type: ignore[arg-type]

    with pytest.raises(TimeoutError):
        await front._answer("/orderhub.order.v1.OrderService/GetOrder", interrupted, None, Call())  # type: ignore[arg-type]
