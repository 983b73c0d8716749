"""What every planning call shares: where it reads, whom it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orderhub.planning.v1 import production_pb2 as pb

from chassis import notes
from chassis.clock import Clock
from chassis.commands import CommandContext, Commands
from chassis.database import Database, Transaction
from chassis.ids import uuid7
from chassis.outbox import Mark
from planning_service.adapters import production_views as views
from planning_service.adapters.catalogue_cache import CatalogueCache
from planning_service.adapters.messages import Messages
from planning_service.adapters.order_copies import OrderCopies
from planning_service.adapters.plans import PlanRows
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.app.plan_order import Prepared, keep_plan, prepare_plan, refuse_unless_plannable
from planning_service.app.ports import OrderFacts, Orders, Stock
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.errors import NotFound
from planning_service.domain.giving_way import Claim
from planning_service.domain.scan import ScanPolicy
from planning_service.domain.scan_code import read_code
from planning_service.entrypoints import production_proto as form


@dataclass(frozen=True)
class StockThatHeard:
    """Asks inventory, which first waits until it has heard of the plans told so far (docs/decisions/0004)."""

    stock: Stock
    marks: tuple[Mark, ...]

    async def available(self, codes: Iterable[str], order: str = "") -> Mapping[str, Decimal]:
        """Return what is free of each item, earlier plans' claims taken off."""
        token = notes.after.set(self.marks)
        try:
            return await self.stock.available(codes, order)
        finally:
            notes.after.reset(token)

    async def claims(self, code: str) -> list[Claim]:
        """Return who holds an item."""
        return await self.stock.claims(code)


@dataclass
class Desk:
    """Database, catalogue, and the services planning asks."""

    database: Database
    commands: Commands
    cache: CatalogueCache
    orders: Orders
    stock: Stock
    clock: Clock
    scan_policy: ScanPolicy = ScanPolicy.RECORD
    job_waiting: asyncio.Event = field(default_factory=asyncio.Event)

    async def catalogue(self) -> Catalogue:
        """Return the item master as it is now."""
        async with self.database.read() as reader:
            return await self.cache.snapshot(reader)

    async def prepared(
        self, order: str, planned: frozenset[int], stock: Stock, orders: Orders | None = None
    ) -> Prepared:
        """Work out a plan for the lines not planned yet, against stock that has heard of all earlier plans."""
        async with self.database.read() as reader:
            catalogue = await self.cache.snapshot(reader)
            unheard = await views.unheard_plans(reader)
        marks = tuple(Mark(self.database.source, subject, last) for subject, last in unheard)
        return await prepare_plan(
            order,
            orders or self.orders,
            StockThatHeard(stock, marks),
            catalogue=catalogue,
            structures=self.cache.structures(catalogue),
            today=self.clock.today(),
            planned_lines=planned,
        )

    async def plan_order(
        self, context: CommandContext, order: str, stock: Stock, orders: Orders | None = None
    ) -> pb.PlanOrderResponse:
        """Plan the lines of an order that have no plan yet and return the whole plan."""

        async def ahead() -> Prepared:
            known = await self.plan(order)
            planned = frozenset(line.line_no for line in known.lines) if known else frozenset()
            prepared = await self.prepared(order, planned, stock, orders)
            if known is None or prepared.plan.lines:
                refuse_unless_plannable(prepared.order)
            return prepared

        async def work(unit: Transaction, prepared: Prepared) -> pb.PlanOrderResponse:
            rows = PlanRows(unit), ProductionOrderRows(unit), Messages(unit)
            today = self.clock.today()
            number = await keep_plan(prepared, *rows, now=unit.now, today=today, who=unit.actor, new_id=uuid7)
            await _keep_copy(prepared.order, OrderCopies(unit))
            view = await views.plan_of(unit, number)
            assert view is not None, "the plan was claimed in this transaction"
            return form.plan_message(view)

        return await self.commands.run_after(context, pb.PlanOrderResponse, ahead, work)

    async def plan(self, order: str) -> views.PlanView | None:
        """Return the plan of an order by number or id, if there is one."""
        async with self.database.read() as reader:
            return await views.plan_of(reader, order.replace("\x00", ""))

    async def production_order(self, key: str) -> views.ProductionView:
        """Return a production order by number, id or scan code; raises NotFound."""
        async with self.database.read() as reader:
            view = await views.one(reader, read_code(key.replace("\x00", "")).key)
        if view is None:
            raise NotFound(kind="production_order", key=key[:128])
        return view


async def _keep_copy(order: OrderFacts, copies: OrderCopies) -> None:
    await copies.keep(
        order.number,
        order_id=order.id,
        customer_name=order.customer_name,
        urgency=order.urgency.value,
        due_date=order.due_date,
        traceparent=order.traceparent,
    )
