"""A gRPC server that stands in for the four services: checks the principal as they do, answers what a test tells it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from orderhub.common.v1 import event_feed_pb2, self_check_pb2
from orderhub.inventory.v1 import inventory_pb2
from orderhub.notify.v1 import notify_pb2
from orderhub.order.v1 import calendar_pb2, complaint_pb2, customer_pb2, finance_pb2, order_pb2, personal_data_pb2
from orderhub.planning.v1 import master_pb2, production_pb2

from chassis import notes
from chassis.errors import FieldProblem, to_status
from chassis.outbox import Mark
from chassis.principal import METADATA_KEY, Principal, Untrusted
from tests.support import trust

MODULES = (
    event_feed_pb2, self_check_pb2, inventory_pb2, notify_pb2, calendar_pb2, complaint_pb2, customer_pb2, finance_pb2,
    order_pb2, personal_data_pb2, master_pb2, production_pb2,
)  # fmt: skip
SHARED = ("order", "planning", "inventory", "notify")
SERVING, AWAY = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@dataclass
class Refuse:
    """What a service says no with."""

    code: grpc.StatusCode
    reason: str
    params: Mapping[str, str] = field(default_factory=dict)
    fields: Sequence[FieldProblem] = ()


@dataclass
class Call:
    """One call as it arrived."""

    rpc: str
    request: Any
    principal: Principal
    metadata: Mapping[str, Any]
    audience: str = ""


@dataclass
class StandIn(grpc.GenericRpcHandler):
    """Answers every method of every service; an empty answer where the test told none."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    replayed: bool = False

    def tell(self, rpc: str, answer: Message | Refuse | Callable[[Any], Any]) -> None:
        self.answers[rpc] = answer

    def reset(self) -> None:
        self.answers.clear()
        self.calls.clear()
        self.marks.clear()
        self.replayed = False

    def last(self, rpc: str) -> Call:
        return next(call for call in reversed(self.calls) if call.rpc == rpc)

    def count(self, rpc: str) -> int:
        return sum(1 for call in self.calls if call.rpc == rpc)

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        service, rpc = details.method.strip("/").split("/")
        if not service.startswith("orderhub."):
            return None
        method = descriptor_pool.Default().FindServiceByName(service).methods_by_name[rpc]
        kinds = [message_factory.GetMessageClass(side) for side in (method.input_type, method.output_type)]

        async def behave(request: Any, context: grpc.aio.ServicerContext) -> Any:
            metadata = dict(context.invocation_metadata())
            audience, who = _admitted(service.split(".")[1], metadata[METADATA_KEY])
            self.calls.append(Call(rpc, request, who, metadata, audience))
            answer = self.answers.get(f"{audience} {rpc}", self.answers.get(rpc, kinds[1]()))
            answer = answer(request) if callable(answer) else answer
            answer = await answer if inspect.isawaitable(answer) else answer
            if isinstance(answer, Refuse):
                await context.abort_with_status(rpc_status.to_status(to_status(answer.code, answer)))
            beside = [(notes.REPLAYED_KEY, "1")] if self.replayed else []
            context.set_trailing_metadata((*beside, (notes.MARKS_KEY, notes.to_text(self.marks))))
            return answer

        return grpc.unary_unary_rpc_method_handler(
            behave, request_deserializer=kinds[0].FromString, response_serializer=kinds[1].SerializeToString
        )


def _admitted(service: str, token: str) -> tuple[str, Principal]:
    """Return the service meant and who calls; every service answers for the shared one."""
    for audience in SHARED if service == "common" else (service,):
        with contextlib.suppress(Untrusted):
            return audience, trust.verifier(audience).verify(token)
    raise Untrusted("for no service of ours")


@dataclass
class Running:
    """A stand-in on a free port, with its health."""

    standin: StandIn
    health: health.aio.HealthServicer
    server: grpc.aio.Server
    target: str


async def start(standin: StandIn) -> Running:
    """Serve on a free port."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((standin,))
    healthy = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    for part in ("", "broker", "database"):
        await healthy.set(part, SERVING)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return Running(standin, healthy, server, f"127.0.0.1:{port}")
