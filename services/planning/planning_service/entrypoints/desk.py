"""What every planning call shares: where it reads, whom it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from orderhub.planning.v1 import production_pb2 as pb

from chassis import notes
from chassis.clock import Clock
from chassis.commands import CommandContext, Commands
from chassis.database import Database, Transaction
from chassis.ids import uuid7
from chassis.outbox import Mark
from planning_service.adapters import planning_round
from planning_service.adapters import production_views as views
from planning_service.adapters.catalogue_cache import CatalogueCache
from planning_service.adapters.messages import Messages
from planning_service.adapters.planning_round import Before
from planning_service.adapters.plans import PlanRows, unplanned_lines
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.adapters.refusals import refusals_of
from planning_service.app.facts import Offer, Prepared
from planning_service.app.plan_order import keep_plan, prepare_plan, refuse_unless_plannable
from planning_service.app.ports import Orders, Stock
from planning_service.domain.arrivals import Arrival
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.errors import NotFound
from planning_service.domain.giving_way import Claim, Rank
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
        with self._after_plans():
            return await self.stock.available(codes, order)

    async def offered(self, codes: Iterable[str], orders: Sequence[str]) -> Offer:
        """Return what is free for everybody and for single orders, earlier plans' claims taken off."""
        with self._after_plans():
            return await self.stock.offered(codes, orders)

    async def arrivals(self, codes: Iterable[str]) -> list[Arrival]:
        """Return what suppliers still bring of these items."""
        return await self.stock.arrivals(codes)

    async def claims(self, codes: Iterable[str]) -> list[Claim]:
        """Return who holds these items."""
        return await self.stock.claims(codes)

    async def claims_behind(self, wanted: Mapping[str, Decimal], order: str, rank: Rank) -> list[Claim]:
        """Return who would give these amounts to an order of this rank."""
        return await self.stock.claims_behind(wanted, order, rank)

    @contextmanager
    def _after_plans(self) -> Iterator[None]:
        """Let calls made inside the block wait for the marks."""
        token = notes.after.set(self.marks)
        try:
            yield
        finally:
            notes.after.reset(token)


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

    async def refused_by(self, customer: str) -> list[str]:
        """Return what a customer does not take in place of something else."""
        async with self.database.read() as reader:
            return await refusals_of(reader, customer)

    async def prepared(self, order: str) -> tuple[Prepared, Before]:
        """Work out a plan for the lines not planned yet, against stock that has heard of all earlier plans."""
        async with self.database.read() as reader:
            before = await planning_round.before_planning(reader, order.replace("\x00", ""))
            catalogue = await self.cache.as_of(before.epoch, reader)
        prepared = await prepare_plan(
            order,
            self.orders,
            self.heard(before),
            catalogue=catalogue,
            structures=self.cache.structures(catalogue),
            today=self.clock.today(),
            planned_lines=before.lines,
            refusals=before.refusals,
        )
        return prepared, before

    def heard(self, before: Before) -> StockThatHeard:
        """Return stock as it is after the plans told before: what they hold is not free any more."""
        return StockThatHeard(
            self.stock, tuple(Mark(self.database.source, subject, last) for subject, last in before.unheard)
        )

    async def plan_order(self, context: CommandContext, order: str) -> pb.PlanOrderResponse:
        """Plan the lines of an order that have no plan yet and return the whole plan."""

        async def ahead() -> Prepared:
            prepared, before = await self.prepared(order)
            if not before.planned or prepared.plan.lines:
                refuse_unless_plannable(prepared.order)
            return prepared

        async def work(unit: Transaction, prepared: Prepared) -> pb.PlanOrderResponse:
            rows = PlanRows(unit), ProductionOrderRows(unit), Messages(unit)
            today = self.clock.today()
            kept = await keep_plan(prepared, *rows, now=unit.now, today=today, who=unit.actor, new_id=uuid7)
            if kept is not None:
                return form.plan_message(planning_round.plan_just_kept(prepared, kept, unplanned_lines(prepared.plan)))
            view = await views.plan_of(unit, prepared.order.number)
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
