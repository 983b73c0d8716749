"""PlanOrders, GetPlanJob, CancelPlanJob, and the runner behind them: long work answers at once and shows its progress."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.planning.v1 import production_pb2 as pb

from chassis import principal
from chassis.database import Transaction
from chassis.errors import Remote
from chassis.ids import uuid7
from chassis.principal import Principal
from planning_service.adapters.message_forms import stamp
from planning_service.adapters.plan_jobs import PlanJobRows, is_done, job_of
from planning_service.adapters.production_orders import as_uuid
from planning_service.app.ports import OrderFacts, Orders, Stock
from planning_service.domain.errors import FieldError, Invalid, NotFound, PlanningRefusal
from planning_service.domain.giving_way import Claim
from planning_service.entrypoints.desk import Desk

MAX_ORDERS = 5_000
POLL_SECONDS = 2.0
CHUNK = 100
CALLS_AT_ONCE = 8
log = structlog.get_logger()


class ClaimedStock:
    """Free stock of one chunk of a job: asked once per item, then less what the chunk's own plans have claimed.

    Inventory hears of a plan some milliseconds later; without this, two orders of one job would count the same stock.
    """

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._free: dict[str, Decimal] = {}

    async def available(self, codes: Iterable[str], order: str = "") -> Mapping[str, Decimal]:
        """Return what is free of each item; shared by the chunk, so no order's own soft hold counts here."""
        wanted = set(codes)
        missing = wanted - self._free.keys()
        if missing:
            found = await self._stock.available(missing)
            self._free |= {code: found.get(code, Decimal(0)) for code in missing}
        return {code: self._free[code] for code in wanted}

    async def claims(self, code: str) -> list[Claim]:
        """Return who holds an item."""
        return await self._stock.claims(code)

    def claim(self, plan: pb.PlanOrderResponse) -> None:
        """Take off what a plan has claimed."""
        for pick in plan.pick_list:
            if pick.item_code in self._free:
                self._free[pick.item_code] -= Decimal(pick.reserved)


class FetchedOrders:
    """The orders of one chunk, asked for a few at a time before the first is planned."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._found: dict[str, asyncio.Task[OrderFacts]] = {}
        self._gate = asyncio.Semaphore(CALLS_AT_ONCE)

    def fetch(self, keys: Iterable[str]) -> None:
        """Begin to ask for these orders."""
        self._found = {key: asyncio.create_task(self._ask(key)) for key in keys}

    async def get(self, order: str) -> OrderFacts:
        """Return an order, or raise what asking for it raised."""
        return await self._found[order]

    async def close(self) -> None:
        """Let nothing run on."""
        for task in self._found.values():
            task.cancel()
        await asyncio.gather(*self._found.values(), return_exceptions=True)

    async def _ask(self, key: str) -> OrderFacts:
        async with self._gate:
            return await self._orders.get(key)


class PlanJobs(Desk):
    """Bulk planning."""

    async def PlanOrders(self, request: pb.PlanOrdersRequest, context: Any) -> pb.PlanOrdersResponse:
        """Start a job and answer at once."""
        keys = list(dict.fromkeys(request.orders))
        if not keys or len(keys) > MAX_ORDERS or any("\x00" in key or len(key) > 64 for key in keys):
            raise Invalid([FieldError("orders", "OUT_OF_RANGE", {"max": MAX_ORDERS})])

        async def work(unit: Transaction) -> pb.PlanOrdersResponse:
            job_id = uuid7()
            await PlanJobRows(unit).start(job_id, keys)
            job = pb.PlanJob(id=str(job_id), state="running", total_count=len(keys), started_at=stamp(unit.now))
            return pb.PlanOrdersResponse(job=job)

        answer = await self.commands.run(request.context, pb.PlanOrdersResponse, work)
        self.job_waiting.set()
        return answer

    async def GetPlanJob(self, request: pb.GetPlanJobRequest, context: Any) -> pb.GetPlanJobResponse:
        """Return the progress of a job."""
        key = as_uuid(request.job_id)
        async with self.database.read() as reader:
            found = await job_of(reader, key) if key else None
        if found is None:
            raise NotFound(kind="plan_job", key=request.job_id[:64])
        return pb.GetPlanJobResponse(job=_job(*found))

    async def CancelPlanJob(self, request: pb.CancelPlanJobRequest, context: Any) -> pb.CancelPlanJobResponse:
        """Stop after the order in hand; a finished job stays as it is."""
        key = as_uuid(request.job_id)

        async def work(unit: Transaction) -> pb.CancelPlanJobResponse:
            if key is None or await job_of(unit, key) is None:
                raise NotFound(kind="plan_job", key=request.job_id[:64])
            await PlanJobRows(unit).cancel(key)
            found = await job_of(unit, key)
            return pb.CancelPlanJobResponse(job=_job(*found) if found else None)

        return await self.commands.run(request.context, pb.CancelPlanJobResponse, work)

    async def run_jobs(self, stop: asyncio.Event) -> None:
        """Work jobs off until told to stop; a job goes on where a dead runner left it."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.job_waiting.wait(), POLL_SECONDS)
            self.job_waiting.clear()
            try:
                while not stop.is_set() and await self.run_one_job(stop):
                    pass
            except Exception as error:  # the database or a neighbour is away: the lease runs out and the job goes on
                log.warning("plan_job_interrupted", error=repr(error))

    async def run_one_job(self, stop: asyncio.Event) -> bool:
        """Work one job off; False when there is none."""
        async with self.database.transaction(who="planning") as unit:
            claimed = await PlanJobRows(unit).claim()
        if claimed is None:
            return False
        job_id, who = claimed
        principal.current.set(Principal(who))
        while not stop.is_set():
            async with self.database.transaction() as unit:
                chunk = await PlanJobRows(unit).upcoming(job_id, CHUNK)
                if not chunk:
                    await PlanJobRows(unit).finish(job_id)
                    log.info("plan_job_done", job=str(job_id))
                    return True
            await self._run_chunk(job_id, chunk, stop)
        return False

    async def _run_chunk(self, job_id: UUID, chunk: list[tuple[int, str]], stop: asyncio.Event) -> None:
        stock, orders = ClaimedStock(self.stock), FetchedOrders(self.orders)
        orders.fetch(key for _, key in chunk)
        try:
            for position, key in chunk:
                if stop.is_set() or await self._cancelled(job_id, position):
                    return
                await self._plan_one(job_id, position, key, stock, orders)
        finally:
            await orders.close()

    async def _cancelled(self, job_id: UUID, position: int) -> bool:
        async with self.database.read() as reader:
            return await is_done(reader, job_id, position)

    async def _plan_one(
        self, job_id: UUID, position: int, key: str, stock: ClaimedStock, orders: FetchedOrders
    ) -> None:
        result, reason, plan = await self._run_order(key, stock, orders)
        unplanned = [{"line_no": u.line_no, "reason": u.reason, "params": dict(u.params)} for u in plan.unplanned_lines]
        async with self.database.transaction() as unit:
            await PlanJobRows(unit).done(
                job_id, position, result, reason=reason, unplanned=unplanned, short=len(plan.shortages)
            )

    async def _run_order(
        self, key: str, stock: ClaimedStock, orders: FetchedOrders
    ) -> tuple[str, str, pb.PlanOrderResponse]:
        try:
            plan = await self.plan_order(CommandContext(), key, stock, orders)
        except PlanningRefusal as refusal:
            return "refused", refusal.reason, pb.PlanOrderResponse()
        except Remote as refusal:
            if refusal.unavailable:
                raise
            return "refused", refusal.reason, pb.PlanOrderResponse()
        stock.claim(plan)
        return "partly" if plan.unplanned_lines else "planned", "", plan


def _job(head: Any, counts: Any, entries: list[Any]) -> pb.PlanJob:
    return pb.PlanJob(
        id=str(head.id),
        state="done" if head.finished_at else "running",
        total_count=counts.total,
        done_count=counts.done,
        planned_count=counts.planned,
        short_count=counts.short,
        failed_count=counts.failed,
        cancelled_count=counts.cancelled,
        entries=[_entry(row) for row in entries],
        started_at=stamp(head.started_at),
        finished_at=stamp(head.finished_at),
    )


def _entry(row: Any) -> pb.PlanJobEntry:
    return pb.PlanJobEntry(
        order=row.order_key,
        result=row.result,
        reason=row.reason or "",
        unplanned_lines=[
            pb.UnplannedLine(line_no=u["line_no"], reason=u["reason"], params=u["params"]) for u in row.unplanned
        ],
        shortage_count=row.shortage_count,
    )
