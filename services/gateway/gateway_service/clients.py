"""The four services as the gateway calls them: in the caller's name, under a deadline, remembering what was caused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from orderhub.common.v1 import event_feed_pb2_grpc, self_check_pb2_grpc
from orderhub.inventory.v1 import inventory_pb2_grpc
from orderhub.notify.v1 import notify_pb2_grpc
from orderhub.order.v1 import (
    calendar_pb2_grpc,
    complaint_pb2_grpc,
    customer_pb2_grpc,
    finance_pb2_grpc,
    order_pb2_grpc,
    personal_data_pb2_grpc,
)
from orderhub.planning.v1 import master_pb2_grpc, production_pb2_grpc

from chassis import notes
from chassis.errors import Remote
from chassis.grpc_client import Peer
from chassis.mutual_tls import Identity
from chassis.principal import Signer
from gateway_service import exchange
from gateway_service.marks import Marks

if TYPE_CHECKING:
    from grpc.aio import UnaryUnaryMultiCallable

HEALTH_SECONDS = 2.0
Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)
T = TypeVar("T")
AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED)


class Service:
    """One service to call."""

    def __init__(self, name: str, target: str, signer: Signer, marks: Marks, tls: Identity | None) -> None:
        self.name = name
        self.peer = Peer(name, target, signer, tls=tls)
        self._marks = marks
        self.self_check = self_check_pb2_grpc.SelfCheckServiceStub(self.peer.channel)
        self.feed = event_feed_pb2_grpc.EventFeedServiceStub(self.peer.channel)
        self._health = health_pb2_grpc.HealthStub(self.peer.channel)

    async def ask(self, method: UnaryUnaryMultiCallable[Q, A], request: Q) -> A:
        """Call in the name of the running request's principal; raise Remote."""
        answer: A
        running = exchange.current()
        answer, beside = await self.peer.pass_on(method, request, timeout=running.remaining())
        running.replayed = running.replayed or beside.replayed
        if beside.marks:
            self._marks.remember(running.session, beside.marks)
            notes.after.set(self._marks.of(running.session))
        return answer

    async def health(self, part: str = "") -> bool:
        """True when the service says that `part` of it serves."""
        try:
            request = health_pb2.HealthCheckRequest(service=part)
            answer = await self._health.Check(request, timeout=HEALTH_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


class OrderClient(Service):
    """Orders, customers, finance, complaints, the factory's calendar."""

    def __init__(self, target: str, signer: Signer, marks: Marks, tls: Identity | None) -> None:
        super().__init__("order", target, signer, marks, tls)
        self.orders = order_pb2_grpc.OrderServiceStub(self.peer.channel)
        self.customers = customer_pb2_grpc.CustomerServiceStub(self.peer.channel)
        self.finance = finance_pb2_grpc.FinanceServiceStub(self.peer.channel)
        self.complaints = complaint_pb2_grpc.ComplaintServiceStub(self.peer.channel)
        self.personal_data = personal_data_pb2_grpc.PersonalDataServiceStub(self.peer.channel)
        self.calendar = calendar_pb2_grpc.CalendarServiceStub(self.peer.channel)


class PlanningClient(Service):
    """Item master, plans, production orders, scans."""

    def __init__(self, target: str, signer: Signer, marks: Marks, tls: Identity | None) -> None:
        super().__init__("planning", target, signer, marks, tls)
        self.master = master_pb2_grpc.MasterServiceStub(self.peer.channel)
        self.planning = production_pb2_grpc.PlanningServiceStub(self.peer.channel)


class InventoryClient(Service):
    """Stock and goods."""

    def __init__(self, target: str, signer: Signer, marks: Marks, tls: Identity | None) -> None:
        super().__init__("inventory", target, signer, marks, tls)
        self.stock = inventory_pb2_grpc.StockServiceStub(self.peer.channel)
        self.goods = inventory_pb2_grpc.GoodsServiceStub(self.peer.channel)


class NotifyClient(Service):
    """Channels, subscriptions, deliveries."""

    def __init__(self, target: str, signer: Signer, marks: Marks, tls: Identity | None) -> None:
        super().__init__("notify", target, signer, marks, tls)
        self.notify = notify_pb2_grpc.NotifyServiceStub(self.peer.channel)
        self.mailbox = notify_pb2_grpc.MailboxServiceStub(self.peer.channel)
        self.repair = notify_pb2_grpc.RepairServiceStub(self.peer.channel)
        self.quiet = notify_pb2_grpc.QuietServiceStub(self.peer.channel)
        self.people = notify_pb2_grpc.PeopleServiceStub(self.peer.channel)
        self.rehearsal = notify_pb2_grpc.RehearsalServiceStub(self.peer.channel)


class Clients:
    """Every service the gateway knows."""

    def __init__(self, targets: dict[str, str], signer: Signer, tls: Identity | None = None) -> None:
        self.marks = Marks()
        self.order = OrderClient(targets["order"], signer, self.marks, tls)
        self.planning = PlanningClient(targets["planning"], signer, self.marks, tls)
        self.inventory = InventoryClient(targets["inventory"], signer, self.marks, tls)
        self.notify = NotifyClient(targets["notify"], signer, self.marks, tls)

    @property
    def all(self) -> tuple[Service, ...]:
        return (self.order, self.planning, self.inventory, self.notify)

    async def close(self) -> None:
        """Close every channel."""
        await asyncio.gather(*(service.peer.close() for service in self.all))


async def unless_away(part: str, away: list[str], asked: Awaitable[T]) -> T | None:
    """Return the answer; note the part when its service is away or knows nothing of it."""
    try:
        return await asked
    except Remote as error:
        if error.code in AWAY:
            away.append(part)
        elif error.code != grpc.StatusCode.NOT_FOUND:
            raise
        return None
