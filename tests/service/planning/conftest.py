"""Planning on a real database, with twins of the order and inventory services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest_asyncio
from google.protobuf.message import Message
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.planning.v1 import master_pb2 as m
from orderhub.planning.v1 import production_pb2 as p

from chassis import principal
from chassis.clock import FixedClock
from chassis.commands import Commands
from chassis.database import Database
from chassis.events import Incoming, decode
from chassis.ids import uuid7
from chassis.inbox import Inbox
from chassis.principal import Principal
from chassis.sql import text
from planning_service.adapters.catalogue_cache import CatalogueCache
from planning_service.app.facts import Offer, OrderFacts
from planning_service.domain.arrivals import Arrival
from planning_service.domain.errors import NotFound
from planning_service.domain.giving_way import Claim, Rank, behind
from planning_service.domain.plan import DemandLine
from planning_service.domain.priority import Urgency
from planning_service.entrypoints.events_in import EventsIn
from planning_service.entrypoints.grpc_master import MasterApi
from planning_service.entrypoints.grpc_planning import PlanningApi
from tests.support.events import TRACE, incoming
from tests.support.postgres import TestDatabases

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
DUE = date(2026, 11, 30)


@dataclass
class OrderTwin:
    """The order service as planning sees it."""

    known: dict[str, OrderFacts] = field(default_factory=dict)

    def add(self, number: str, *lines: tuple[str, str | int], state: str = "confirmed", urgency: str = "green") -> str:
        demand = tuple(DemandLine(n, code, Decimal(q), DUE) for n, (code, q) in enumerate(lines, 1))
        self.known[number] = OrderFacts(
            number,
            f"id-{number}",
            state,
            Urgency(urgency),
            DUE,
            NOW,
            TRACE,
            "启明电机",
            ("confirm", "cancel")
            if state == "submitted"
            else ()
            if state == "cancelled"
            else ("plan", "cancel", "revise"),
            demand,
            {n: code for n, (code, _) in enumerate(lines, 1)},
        )
        return number

    async def get(self, order: str) -> OrderFacts:
        for facts in self.known.values():
            if order in (facts.number, facts.id):
                return facts
        raise NotFound(kind="order", key=order)


@dataclass
class StockTwin:
    """The inventory service as planning sees it."""

    free: dict[str, Decimal] = field(default_factory=dict)
    asked: list[set[str]] = field(default_factory=list)
    held: list[Claim] = field(default_factory=list)
    coming: list[Arrival] = field(default_factory=list)
    own: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def set(self, **quantities: str | int) -> None:
        self.free.update({code.replace("_", "-"): Decimal(q) for code, q in quantities.items()})

    async def available(self, codes: Iterable[str], order: str = "") -> Mapping[str, Decimal]:
        wanted = set(codes)
        self.calls.append("available")
        self.asked.append(wanted)
        return {code: self.free[code] for code in wanted if code in self.free}

    async def offered(self, codes: Iterable[str], orders: Sequence[str]) -> Offer:
        free = await self.available(codes)
        return Offer(free, {order: self.own[order] for order in orders if order in self.own})

    async def arrivals(self, codes: Iterable[str]) -> list[Arrival]:
        wanted = set(codes)
        self.calls.append("arrivals")
        return [arrival for arrival in self.coming if arrival.item_code in wanted]

    async def claims(self, codes: Iterable[str]) -> list[Claim]:
        wanted = set(codes)
        self.calls.append("claims")
        return [claim for claim in self.held if claim.item_code in wanted]

    async def claims_behind(self, wanted: Mapping[str, Decimal], order: str, rank: Rank) -> list[Claim]:
        self.calls.append("claims_behind")
        held = [[claim for claim in self.held if claim.item_code == code] for code in wanted]
        return [claim for claims in held for claim in behind(claims, order, rank)]


@dataclass
class World:
    """One planning service and its surroundings."""

    database: Database
    clock: FixedClock
    orders: OrderTwin
    stock: StockTwin
    master: MasterApi
    planning: PlanningApi
    inbox: Inbox
    sequences: dict[str, int] = field(default_factory=dict)

    def context(self, key: str | None = None, route: str = "POST /x", fingerprint: str = "f") -> CommandContext:
        return CommandContext(idempotency_key=key or str(uuid7()), route=route, fingerprint=fingerprint)

    async def item(self, code: str, supply: str = "buy", unit: str = "m", **more: object) -> m.Item:
        more.setdefault("name", code)
        answer = await self.master.PutItem(m.PutItemRequest(code=code, unit=unit, supply=supply, **more), None)
        return answer.item

    async def bom(self, code: str, *lines: m.BomLine, routing: str = "R1", **more: object) -> m.Bom:
        request = m.PutBomRequest(item_code=code, routing_code=routing, lines=lines, **more)
        return (await self.master.PutBom(request, None)).bom

    async def routing(self, code: str = "R1", steps: int = 2) -> None:
        operations = [
            m.RoutingOperation(
                sequence=n * 10, code=f"OP{n}", name=f"工序{n}", work_center=f"WC{n}", minutes_per_unit="5"
            )
            for n in range(1, steps + 1)
        ]
        await self.master.PutRouting(m.PutRoutingRequest(code=code, operations=operations), None)

    async def motor_factory(self) -> None:
        """A and B are made, C and the copper wire are bought."""
        await self.routing()
        await self.item("A", "make", "台", name="A电机")
        await self.item("B", "make", "台", name="B控制器")
        await self.item("C", "buy", "m", name="C线缆")
        await self.item("WIRE", "buy", "m", name="铜线")
        await self.bom("A", line("WIRE", "7.5"))
        await self.bom("B", line("WIRE", "10"))

    async def plan(self, order: str, key: str | None = None) -> p.PlanOrderResponse:
        return await self.planning.PlanOrder(p.PlanOrderRequest(context=self.context(key), order=order), None)

    async def production_order(self, number: str) -> p.ProductionOrder:
        answer = await self.planning.GetProductionOrder(p.GetProductionOrderRequest(production_order=number), None)
        return answer.production_order

    async def scan(self, code: str, minute: int, **more: object) -> p.ScanVerdict:
        more.setdefault("scan_id", f"scan-{minute}")
        more.setdefault("device_id", "dev1")
        at = f"2026-11-22T10:{minute:02d}:00+08:00"
        answer = await self.planning.RecordScans(
            p.RecordScansRequest(scans=[p.Scan(code=code, occurred_at=at, **more)]), None
        )
        return answer.verdicts[0]

    async def hear(self, service: str, subject: str, message: Message) -> Incoming:
        sequence = self.sequences[subject] = self.sequences.get(subject, 0) + 1
        event = incoming(service, subject, sequence, message)
        await self.inbox.take([event])
        return event

    async def told(self, kind: str = "") -> list[Incoming]:
        """Return the events told so far, in order."""
        async with self.database.read() as reader:
            rows = await reader.execute(text("SELECT body FROM outbox ORDER BY id"))
            events = [decode(row.body) for row in rows]
        return [event for event in events if event.type.endswith(kind)]


def line(component: str, per: str | int = 1, **more: object) -> m.BomLine:
    return m.BomLine(component=component, quantity_per=str(per), **more)


@pytest_asyncio.fixture
async def world(databases: TestDatabases) -> AsyncIterator[World]:
    clock = FixedClock(NOW)
    database = Database(await databases.create("planning"), "planning", clock=clock)
    orders, stock, cache, commands = OrderTwin(), StockTwin(), CatalogueCache(), Commands(database)
    principal.current.set(Principal("planner", "user", frozenset({"planner"})))
    planning = PlanningApi(database, commands, cache, orders, stock, clock)
    events = EventsIn(planning)
    yield World(
        database,
        clock,
        orders,
        stock,
        MasterApi(database, commands, cache, stock, clock),
        planning,
        Inbox(database, "planning.events", events.handlers(), prepare=events.prepare),
    )
    await database.close()
