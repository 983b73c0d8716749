"""The order service over a real database; planning and inventory are honest in-memory twins behind real gRPC."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from grpc_status import rpc_status
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.inventory.v1 import inventory_pb2, inventory_pb2_grpc
from orderhub.order.v1 import customer_pb2, order_pb2
from orderhub.planning.v1 import master_pb2, master_pb2_grpc

from chassis.clock import FixedClock
from chassis.errors import to_status
from chassis.events import Incoming, decode
from chassis.principal import Principal, current
from chassis.run import Service
from chassis.sql import text
from order_service.domain.errors import NotFound
from order_service.entrypoints.grpc_calendar import CalendarApi
from order_service.entrypoints.grpc_complaints import ComplaintApi
from order_service.entrypoints.grpc_customers import CustomerApi
from order_service.entrypoints.grpc_finance import FinanceApi
from order_service.entrypoints.grpc_orders import OrderApi
from order_service.wiring import Settings, build
from tests.support.events import incoming
from tests.support.postgres import TestDatabases
from tests.support.trust import keys, trusted

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # 12:00 in the factory


@dataclass
class Planning(master_pb2_grpc.MasterServiceServicer):
    """Items by code or alias; counts what it is asked."""

    items: dict[str, master_pb2.Item] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, code: str, **values: Any) -> None:
        values = {"name": code, "unit": "件", "active": True, "version": 1, **values}
        self.items[code] = master_pb2.Item(code=code, **values)

    async def BatchGetItems(self, request: Any, context: Any) -> master_pb2.BatchGetItemsResponse:
        self.asked += request.codes
        known = {alias: item for item in self.items.values() for alias in item.aliases} | self.items
        return master_pb2.BatchGetItemsResponse(items={code: known[code] for code in request.codes if code in known})


@dataclass
class Inventory(inventory_pb2_grpc.GoodsServiceServicer):
    """Shipments by number."""

    shipments: dict[str, inventory_pb2.Shipment] = field(default_factory=dict)

    async def GetShipment(self, request: Any, context: Any) -> inventory_pb2.GetShipmentResponse:
        if request.shipment not in self.shipments:
            refusal = NotFound("SHIPMENT_NOT_FOUND")
            await context.abort_with_status(rpc_status.to_status(to_status(grpc.StatusCode.NOT_FOUND, refusal)))
        return inventory_pb2.GetShipmentResponse(shipment=self.shipments[request.shipment])


@dataclass
class World:
    """One order service and its neighbours."""

    service: Service
    clock: FixedClock
    planning: Planning
    inventory: Inventory
    customer: customer_pb2.Customer = field(default_factory=customer_pb2.Customer)
    numbers: dict[str, int] = field(default_factory=dict)
    keys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def orders(self) -> OrderApi:
        return self.service.servicers[0][1]

    @property
    def customers(self) -> CustomerApi:
        return self.service.servicers[1][1]

    @property
    def finance(self) -> FinanceApi:
        return self.service.servicers[2][1]

    @property
    def complaints(self) -> ComplaintApi:
        return self.service.servicers[3][1]

    @property
    def calendar(self) -> CalendarApi:
        return self.service.servicers[4][1]

    def context(self, key: str = "", fingerprint: str = "f", route: str = "POST /x") -> CommandContext:
        return CommandContext(idempotency_key=key or f"k{next(self.keys)}", route=route, fingerprint=fingerprint)

    async def new_customer(self, name: str = "启明机电", **values: Any) -> customer_pb2.Customer:
        request = customer_pb2.CreateCustomerRequest(context=self.context(), name=name, **values)
        return (await self.customers.CreateCustomer(request, None)).customer

    async def submit(self, *lines: tuple[str, str], days: int = 10, key: str = "", **values: Any) -> order_pb2.Order:
        """Enter an order of (item code, quantity) lines."""
        return (await self.orders.SubmitOrder(self.submission(*lines, days=days, key=key, **values), None)).order

    def submission(self, *lines: tuple[str, str], days: int = 10, key: str = "", **values: Any) -> Any:
        entries = [order_pb2.LineEntry(item_code=code, quantity=quantity) for code, quantity in lines]
        defaults = {
            "customer_id": self.customer.id, "channel": "phone", "lines": entries, "source_ref": uuid4().hex,
            "due_date": (self.clock.today() + timedelta(days=days)).isoformat(), "context": self.context(key),
        }  # fmt: skip
        return order_pb2.SubmitOrderRequest(**{**defaults, **values})

    async def move(self, order: str, move: str, note: str = "", **values: Any) -> order_pb2.Order:
        request = order_pb2.MoveOrderRequest(context=self.context(), order=order, move=move, note=note, **values)
        return (await self.orders.MoveOrder(request, None)).order

    async def order(self, ref: str) -> order_pb2.Order:
        return (await self.orders.GetOrder(order_pb2.GetOrderRequest(order=ref), None)).order

    async def confirmed(self, *lines: tuple[str, str], **values: Any) -> order_pb2.Order:
        return await self.submit(*lines, confirm=True, **values)

    def event(self, service: str, subject: str, message: Message, actor: str = "someone") -> Incoming:
        self.numbers[subject] = self.numbers.get(subject, 0) + 1
        return incoming(service, subject, self.numbers[subject], message, actor=actor)

    async def tell(self, service: str, subject: str, message: Message) -> Incoming:
        """Let an event arrive."""
        event = self.event(service, subject, message)
        await self.service.inbox().take([event])
        return event

    async def told(self, subject: str = "") -> list[Incoming]:
        """Return the events this service has told, oldest first."""
        rows = await self.rows("SELECT body FROM outbox WHERE :s = '' OR subject = :s ORDER BY id", s=subject)
        return [decode(row["body"]) for row in rows]

    async def names(self, order: str) -> list[str]:
        """Return the short names of the events told about an order."""
        return [event.type.rsplit(".", 1)[1] for event in await self.told(f"orders/{order}")]

    async def rows(self, query: str, **params: Any) -> list[Mapping[str, Any]]:
        async with self.service.database.read() as connection:
            return [dict(row) for row in await connection.execute(text(query), params)]

    def refusal(self, error: BaseException) -> tuple[str, str]:
        """Return gRPC code and reason an error would be answered with."""
        from chassis.grpc_server import Front

        front = Front("order", None, self.service.errors, self.service.database)  # type: ignore[arg-type]
        status = front.status_of(error)  # type: ignore[arg-type]
        return status.code.name, status.reason


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@dataclass
class Neighbours:
    """The in-memory twins and where they listen."""

    planning: Planning
    inventory: Inventory
    target: str


@pytest_asyncio.fixture
async def neighbours() -> AsyncIterator[Neighbours]:
    planning, inventory = Planning(), Inventory()
    server = grpc.aio.server()
    master_pb2_grpc.add_MasterServiceServicer_to_server(planning, server)
    inventory_pb2_grpc.add_GoodsServiceServicer_to_server(inventory, server)
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield Neighbours(planning, inventory, target)
    finally:
        await server.stop(None)


@pytest_asyncio.fixture
async def world(databases: TestDatabases, clock: FixedClock, neighbours: Neighbours) -> AsyncIterator[World]:
    settings = Settings(
        database_url=await databases.create("order", append_only=("timeline", "factory_calendar")), amqp_url="amqp://nobody",
        signing_key=keys()["order"], trusted_keys=trusted(), profile="test", tracking_key="ab" * 32,
        planning_target=neighbours.target, inventory_target=neighbours.target,
    )  # fmt: skip
    service = build(settings, clock)
    made = World(service, clock, neighbours.planning, neighbours.inventory)
    current.set(Principal("li.na", "user", frozenset({"clerk"})))
    for code, name, unit, whole in (
        ("A", "A电机", "台", True),
        ("B", "B控制器", "台", True),
        ("C", "C线缆", "m", False),
    ):
        made.planning.put(code, name=name, unit=unit, whole_units=whole)
    try:
        made.customer = await made.new_customer(contacts=[{"name": "王工", "phone": "138 0013 8000"}])
        yield made
    finally:
        for close in service.closers:
            await close()
        await service.database.close()
