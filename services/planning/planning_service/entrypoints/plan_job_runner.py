"""The runner behind bulk plan jobs: a chunk of orders is asked for together, worked out in turn, and kept together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from chassis import principal
from chassis.errors import Remote
from chassis.ids import uuid7
from chassis.outbox import Mark
from chassis.principal import Principal
from planning_service.adapters import planning_round
from planning_service.adapters.messages import Messages
from planning_service.adapters.plan_jobs import PlanJobRows, Verdict
from planning_service.adapters.plans import PlanRows, unplanned_lines
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.app.facts import OrderFacts, Prepared
from planning_service.app.plan_many import SharedStock, Waiting, stock_of, waiting, work_out_many
from planning_service.app.plan_order import keep_plans, promised
from planning_service.app.ports import Orders
from planning_service.domain.errors import OrderNotPlannable, PlanningRefusal
from planning_service.domain.promise import short_items
from planning_service.entrypoints.desk import Desk, StockThatHeard

POLL_SECONDS = 2.0
CHUNK = 100
CALLS_AT_ONCE = 8
NEEDS_AT_ONCE = 4_000
"""Components written in one transaction: a second of work at most, far from the statement's time limit."""
ORDERS_AT_ONCE = 25
log = structlog.get_logger()
Found = dict[str, OrderFacts | PlanningRefusal | Remote]


async def fetch(orders: Orders, keys: Iterable[str]) -> Found:
    """Ask for orders a few at a time; a refusal stands in the place of its order. Raises what is transient."""
    gate = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(key: str) -> tuple[str, OrderFacts | PlanningRefusal | Remote]:
        async with gate:
            try:
                return key, await orders.get(key)
            except PlanningRefusal as refusal:
                return key, refusal
            except Remote as refusal:
                if refusal.unavailable:
                    raise
                return key, refusal

    return dict(await asyncio.gather(*map(one, keys)))


class PlanJobRunner(Desk):
    """Works bulk plan jobs off."""

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
        async with self.database.transaction(who="planning", patient=True) as unit:
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
            await self._run_chunk(job_id, chunk)
        return False

    async def _run_chunk(self, job_id: UUID, chunk: Sequence[tuple[int, str]]) -> None:
        """Plan a chunk: refusals first, then the others in the order of the job."""
        found = await fetch(self.orders, [key for _, key in chunk])
        async with self.database.read() as reader:
            facts = [each for each in found.values() if isinstance(each, OrderFacts)]
            planned = await planning_round.planned_lines(reader, [each.number for each in facts])
            before = await planning_round.before_planning(reader, "")
            catalogue = await self.cache.as_of(before.epoch, reader)
        verdicts, orders = sort_out(chunk, found, planned)
        structures = self.cache.structures(catalogue)
        stock = StockThatHeard(self.stock, tuple(Mark(self.database.source, *unheard) for unheard in before.unheard))
        codes = stock_of(list(orders.values()), catalogue, structures)
        offer = await stock.offered(codes, [one.facts.number for one in orders.values()])
        shared = SharedStock(offer)
        await self._note(job_id, verdicts)
        orders_of = list(orders.items())
        plans = work_out_many(
            list(orders.values()), shared, catalogue=catalogue, structures=structures, refusals=before.refusals
        )
        short = {code for plan in plans for code in short_items(plan)}
        arrivals = await stock.arrivals(short) if short else []
        prepared = [
            (position, promised(one.facts, plan, catalogue, self.clock.today(), arrivals))
            for (position, one), plan in zip(orders_of, plans, strict=True)
        ]
        for part in parts(prepared):
            await self._keep(job_id, part)

    async def _note(self, job_id: UUID, verdicts: Sequence[Verdict]) -> None:
        if verdicts:
            async with self.database.transaction() as unit:
                await PlanJobRows(unit).done(job_id, verdicts)

    async def _keep(self, job_id: UUID, part: Sequence[tuple[int, Prepared]]) -> None:
        """Keep plans and their verdicts in one transaction: a job that is run again finds either both or none."""
        async with self.database.transaction() as unit:
            waiting = await PlanJobRows(unit).still_waiting(job_id, [position for position, _ in part])
            part = [each for each in part if each[0] in waiting]
            if not part:
                return
            rows = PlanRows(unit), ProductionOrderRows(unit), Messages(unit)
            kept = await keep_plans(
                [one for _, one in part], *rows, now=unit.now, today=self.clock.today(), who=unit.actor, new_id=uuid7
            )
            verdicts = [
                refused(position, one) if isinstance(one, OrderNotPlannable) else verdict_of(position, prepared)
                for (position, prepared), one in zip(part, kept, strict=True)
            ]
            await PlanJobRows(unit).done(job_id, verdicts)


def sort_out(
    chunk: Sequence[tuple[int, str]], found: Found, planned: dict[str, set[int]]
) -> tuple[list[Verdict], dict[int, Waiting]]:
    """Return the verdicts that stand already, and what is left to plan, by position; an order named twice counts once."""
    verdicts: list[Verdict] = []
    orders: dict[int, Waiting] = {}
    seen: set[str] = set()
    for position, key in chunk:
        facts = found[key]
        if not isinstance(facts, OrderFacts):
            verdicts.append(refused(position, facts))
        elif facts.number in seen:
            verdicts.append(Verdict(position, "planned"))
        else:
            seen.add(facts.number)
            try:
                orders[position] = waiting(facts, planned)
            except OrderNotPlannable as refusal:
                verdicts.append(refused(position, refusal))
    return verdicts, orders


def refused(position: int, refusal: PlanningRefusal | Remote) -> Verdict:
    """Return the verdict on an order that can't be planned."""
    return Verdict(position, "refused", refusal.reason)


def verdict_of(position: int, prepared: Prepared) -> Verdict:
    """Return the verdict on an order that is planned, wholly or partly."""
    left = unplanned_lines(prepared.plan)
    return Verdict(position, "partly" if left else "planned", "", left, len(prepared.plan.shortages()))


def parts(prepared: Sequence[tuple[int, Prepared]]) -> list[list[tuple[int, Prepared]]]:
    """Return plans with their positions a few at a time: a job shows its progress, no transaction writes too much."""
    found: list[list[tuple[int, Prepared]]] = []
    needs = NEEDS_AT_ONCE
    for position, one in prepared:
        size = sum(len(draft.components) + 1 for draft in one.plan.drafts()) + len(one.plan.lines)
        if needs + size > NEEDS_AT_ONCE or len(found[-1]) == ORDERS_AT_ONCE:
            found.append([])
            needs = 0
        found[-1].append((position, one))
        needs += size
    return found
