"""The inventory service over a real database; planning and order are honest in-memory twins behind real gRPC."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from grpc_status import rpc_status
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.inventory.v1 import inventory_pb2 as pb
from orderhub.order.v1 import events_pb2 as order_events
from orderhub.order.v1 import order_pb2, order_pb2_grpc
from orderhub.planning.v1 import events_pb2 as planning_events
from orderhub.planning.v1 import master_pb2, master_pb2_grpc, production_pb2, production_pb2_grpc

from chassis.clock import FixedClock
from chassis.errors import to_status
from chassis.events import Incoming, decode
from chassis.grpc_server import Front
from chassis.run import Service
from chassis.sql import text
from inventory_service.domain.errors import NotFound
from inventory_service.entrypoints.events_in import EventsIn
from inventory_service.entrypoints.goods_api import GoodsApi
from inventory_service.entrypoints.stock_api import StockApi
from inventory_service.wiring import APPEND_ONLY, Settings, build
from tests.support.events import incoming
from tests.support.postgres import TestDatabases
from tests.support.trust import keys, trusted

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # 12:00 in the factory


async def missing(context: Any, reason: str) -> None:
    await context.abort_with_status(rpc_status.to_status(to_status(grpc.StatusCode.NOT_FOUND, NotFound(reason))))


@dataclass
class Planning(master_pb2_grpc.MasterServiceServicer, production_pb2_grpc.PlanningServiceServicer):
    """Items by code or alias, production orders by number; counts what it is asked."""

    items: dict[str, master_pb2.Item] = field(default_factory=dict)
    orders: dict[str, production_pb2.ProductionOrder] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    away: bool = False

    def put(self, code: str, **values: Any) -> None:
        values = {"name": code, "unit": "件", "active": True, "version": 1, **values}
        self.items[code] = master_pb2.Item(code=code, **values)

    async def BatchGetItems(self, request: Any, context: Any) -> master_pb2.BatchGetItemsResponse:
        self.asked += request.codes
        known = {alias: item for item in self.items.values() for alias in item.aliases} | self.items
        return master_pb2.BatchGetItemsResponse(items={code: known[code] for code in request.codes if code in known})

    async def GetProductionOrder(self, request: Any, context: Any) -> production_pb2.GetProductionOrderResponse:
        self.asked.append(request.production_order)
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        found = [o for o in self.orders.values() if request.production_order in (o.number, o.id, o.scan_code)]
        if not found:
            await missing(context, "PRODUCTION_ORDER_UNKNOWN")
        return production_pb2.GetProductionOrderResponse(production_order=found[0])


@dataclass
class Orders(order_pb2_grpc.OrderServiceServicer):
    """Customer orders by number or id; counts what it is asked."""

    orders: dict[str, order_pb2.Order] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def GetOrder(self, request: Any, context: Any) -> order_pb2.GetOrderResponse:
        self.asked.append(request.order)
        found = [o for o in self.orders.values() if request.order in (o.number, o.id)]
        if not found:
            await missing(context, "ORDER_UNKNOWN")
        return order_pb2.GetOrderResponse(order=found[0])


@dataclass
class World:
    """One inventory service and its neighbours."""

    service: Service
    events: EventsIn
    clock: FixedClock
    planning: Planning
    orders: Orders
    numbers: dict[str, int] = field(default_factory=dict)
    keys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def stock(self) -> StockApi:
        return self.service.servicers[0][1]

    @property
    def goods(self) -> GoodsApi:
        return self.service.servicers[1][1]

    def context(self, key: str = "", fingerprint: str = "f") -> CommandContext:
        return CommandContext(idempotency_key=key or f"k{next(self.keys)}", route="POST /x", fingerprint=fingerprint)

    async def move(self, kind: str, *lines: tuple[str, str] | tuple[str, str, str], **values: Any) -> Any:
        asked = [pb.StockLine(item_code=line[0], quantity=line[1], unit="".join(line[2:])) for line in lines]
        defaults = {"context": self.context(), "kind": kind, "lines": asked, "reason": "test"}
        return await self.stock.PostMovement(pb.PostMovementRequest(**{**defaults, **values}), None)

    async def balance(self, item: str) -> tuple[str, str, str]:
        """Return on hand, reserved, available."""
        found = (await self.stock.GetStock(pb.GetStockRequest(item_code=item), None)).stock
        return found.on_hand, found.reserved, found.available

    async def receive(self, number: str, quantity: str, **values: Any) -> pb.Receipt:
        defaults = {"context": self.context(), "production_order": number, "quantity": quantity}
        return (await self.goods.ReceiveGoods(pb.ReceiveGoodsRequest(**{**defaults, **values}), None)).receipt

    async def ship(self, *lines: tuple[str, int, str], **values: Any) -> pb.Shipment:
        asked = [pb.ShipmentLine(order=order, line_no=no, quantity=quantity) for order, no, quantity in lines]
        defaults = {"context": self.context(), "lines": asked}
        return (await self.goods.ShipGoods(pb.ShipGoodsRequest(**{**defaults, **values}), None)).shipment

    async def take_back(self, *lines: tuple[str, int, str], **values: Any) -> pb.ReturnGoodsResponse:
        asked = [pb.ShipmentLine(order=order, line_no=no, quantity=quantity) for order, no, quantity in lines]
        defaults = {"context": self.context(), "lines": asked, "reason": "坏了"}
        return await self.goods.ReturnGoods(pb.ReturnGoodsRequest(**{**defaults, **values}), None)

    async def issue(self, number: str, *lines: tuple[str, str], **values: Any) -> pb.IssueComponentsResponse:
        asked = [pb.StockLine(item_code=item, quantity=quantity) for item, quantity in lines]
        defaults = {"context": self.context(), "production_order": number, "lines": asked}
        return await self.goods.IssueComponents(pb.IssueComponentsRequest(**{**defaults, **values}), None)

    async def holdings(self, **by: str) -> dict[tuple[str, str], tuple[str, str, str, str]]:
        """Return need, reserved, issued, short by (demand, item)."""
        found = await self.stock.ListReservations(pb.ListReservationsRequest(**by), None)
        return {
            (r.production_order_number or f"{r.order_number}/{r.line_no}", r.item_code): (
                r.need,
                r.reserved,
                r.issued,
                r.short,
            )
            for r in found.reservations
        }

    def event(self, service: str, subject: str, message: Message) -> Incoming:
        key = f"{service} {subject}"
        self.numbers[key] = self.numbers.get(key, 0) + 1
        return incoming(service, subject, self.numbers[key], message)

    async def tell(self, service: str, subject: str, message: Message) -> Incoming:
        """Let an event arrive."""
        event = self.event(service, subject, message)
        await self.service.inbox().take([event])
        return event

    async def confirmed(self, number: str, *lines: tuple[str, str], **values: Any) -> None:
        """Let OrderConfirmed arrive, with lines of (item, quantity)."""
        told = [{"line_no": n, "item_code": i, "quantity": q, "unit": "件"} for n, (i, q) in enumerate(lines, 1)]
        message = order_events.OrderConfirmed(order_number=number, order_id=f"id-{number}", lines=told, **values)
        await self.tell("order", f"orders/{number}", message)

    async def planned(
        self, number: str, *made: dict[str, Any], stocked: Any = (), urgency: str = "green", **values: Any
    ) -> None:
        """Let OrderPlanned arrive; `stocked` lines are (line_no, item, quantity)."""
        lines = [{"line_no": n, "item_code": i, "quantity": q, "unit": "件"} for n, i, q in stocked]
        message = planning_events.OrderPlanned(
            order_number=number, production_orders=made, stocked_lines=lines, urgency=urgency, **values
        )
        await self.tell("planning", f"orders/{number}", message)

    async def inspected(
        self, number: str, order: str, item: str, passed: str, scrapped: str = "0", line_no: int = 1
    ) -> None:
        message = planning_events.InspectionRecorded(
            production_order_number=number, order_number=order, line_no=line_no, item_code=item, passed_quantity=passed,
            rework_quantity="0", scrapped_quantity=scrapped, unit="件",
        )  # fmt: skip
        await self.tell("planning", f"production-orders/{number}", message)

    async def told(self, subject: str = "") -> list[Incoming]:
        """Return the events this service has told, oldest first."""
        rows = await self.rows("SELECT body FROM outbox WHERE :s = '' OR subject = :s ORDER BY id", s=subject)
        return [decode(row["body"]) for row in rows]

    async def names(self, subject: str = "") -> list[str]:
        return [event.type.rsplit(".", 1)[1] for event in await self.told(subject)]

    async def last(self, subject: str) -> Mapping[str, Any]:
        return (await self.told(subject))[-1].data

    async def rows(self, query: str, **params: Any) -> list[Mapping[str, Any]]:
        async with self.service.database.read() as connection:
            return [dict(row) for row in await connection.execute(text(query), params)]

    async def refused(self, call: Any) -> tuple[str, str, dict[str, Any]]:
        """Return code, reason and params of a call that must be refused."""
        with pytest.raises(Exception) as caught:
            await call
        front = Front("inventory", None, self.service.errors, self.service.database)  # type: ignore[arg-type]
        status = front.status_of(caught.value)
        fields = {problem.field: problem.reason for problem in status.fields}
        return status.code.name, status.reason, {**status.params, **({"fields": fields} if fields else {})}

    async def check(self) -> None:
        """Assert what must always hold (reliability.md section 6, invariants 4-6, 8)."""
        assert (
            await self.rows("SELECT item_code FROM stock WHERE reserved < 0 OR reserved + quarantined > on_hand") == []
        )
        assert (
            await self.rows("""
            SELECT s.item_code, s.reserved, coalesce(l.held, 0) AS held FROM stock s
            LEFT JOIN (SELECT item_code, sum(got - issued) AS held FROM reservation_line GROUP BY 1) l USING (item_code)
            WHERE s.reserved <> coalesce(l.held, 0)""")
            == []
        )
        assert (
            await self.rows("""
            SELECT s.item_code, s.on_hand, m.total FROM stock s
            LEFT JOIN (SELECT item_code, sum(quantity) AS total FROM stock_movement GROUP BY 1) m USING (item_code)
            WHERE s.on_hand <> coalesce(m.total, 0)""")
            == []
        )
        assert (
            await self.rows("""
            SELECT s.item_code FROM stock s WHERE on_hand - reserved - quarantined > safety_stock
            AND EXISTS (SELECT FROM reservation_line r WHERE r.item_code = s.item_code AND r.is_open AND got < need)""")
            == []
        )


def made(number: str, item: str, quantity: str, *components: tuple[str, str], **values: Any) -> dict[str, Any]:
    """Return a planned production order with components of (item, quantity)."""
    demands = [{"item_code": code, "quantity": amount, "unit": "件", "line_no": 1} for code, amount in components]
    defaults = {"line_no": 1, "unit": "件"}
    return {
        "production_order_number": number, "item_code": item, "quantity": quantity, "components": demands, **defaults, **values
    }  # fmt: skip


@dataclass
class Worlds:
    """Makes worlds with their own settings and closes them; runs on whatever loop it is used on."""

    databases: TestDatabases = field(default_factory=TestDatabases)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    made: list[World] = field(default_factory=list)
    planning: Planning = field(default_factory=Planning)
    orders: Orders = field(default_factory=Orders)
    server: grpc.aio.Server | None = None
    target: str = ""

    async def start(self) -> None:
        """Start the twins of planning and order."""
        self.server = grpc.aio.server()
        master_pb2_grpc.add_MasterServiceServicer_to_server(self.planning, self.server)
        production_pb2_grpc.add_PlanningServiceServicer_to_server(self.planning, self.server)
        order_pb2_grpc.add_OrderServiceServicer_to_server(self.orders, self.server)
        self.target = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        await self.server.start()
        for code in ("A", "B", "C", "X", "Y", "Z"):
            self.planning.put(code, name=f"{code}件", whole_units=True)
        self.planning.put("W", name="铜线", unit="m", units=[{"unit": "卷", "factor": "100"}])

    async def make(self, **values: Any) -> World:
        """Make a service with a fresh database; other SQL plants a mutant."""
        if self.server is None:
            await self.start()
        sql = {name: values.pop(name) for name in ("lock_sql", "reallocate_sql", "admit_sql") if name in values}
        settings = Settings(
            database_url=await self.databases.create("inventory", append_only=APPEND_ONLY), amqp_url="amqp://nobody",
            signing_key=keys()["inventory"], trusted_keys=trusted(), profile="test",
            planning_target=self.target, order_target=self.target, **values,
        )  # fmt: skip
        service = build(settings, self.clock)
        events = service.prepare.__self__  # type: ignore[union-attr]
        if sql:
            events = replace(events, warehouses=replace(events.warehouses, **sql))
            service.servicers[0][1]._warehouses = service.servicers[1][1]._warehouses = events.warehouses
            service.prepare, service.handlers = events.prepare, events.handlers()
        world = World(service, events, self.clock, self.planning, self.orders)
        self.made.append(world)
        return world

    async def close(self) -> None:
        """Close what was made."""
        for world in self.made:
            for close in world.service.closers:
                await close()
            await world.service.database.close()
        if self.server is not None:
            await self.server.stop(None)
