"""Bulk plan jobs as callers see them: they answer at once, show their progress, and can be stopped."""

from __future__ import annotations

from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from chassis import page_token
from chassis.database import Transaction
from chassis.ids import uuid7
from planning_service.adapters.catalogue_cache import Reader
from planning_service.adapters.message_forms import stamp
from planning_service.adapters.plan_jobs import PlanJobRows, job_of, verdicts_of
from planning_service.adapters.production_orders import as_uuid
from planning_service.domain.errors import FieldError, Invalid, NotFound
from planning_service.entrypoints.plan_job_runner import PlanJobRunner
from planning_service.entrypoints.reading import page_size

MAX_ORDERS = 5_000


class PlanJobs(PlanJobRunner):
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
        async with self.database.read() as reader:
            return pb.GetPlanJobResponse(job=await _job(reader, request.job_id))

    async def CancelPlanJob(self, request: pb.CancelPlanJobRequest, context: Any) -> pb.CancelPlanJobResponse:
        """Leave the orders nobody has come to as they are; a finished job stays as it is."""

        async def work(unit: Transaction) -> pb.CancelPlanJobResponse:
            key = as_uuid(request.job_id)
            if key is not None:
                await PlanJobRows(unit).cancel(key)
            return pb.CancelPlanJobResponse(job=await _job(unit, request.job_id))

        return await self.commands.run(request.context, pb.CancelPlanJobResponse, work)

    async def ListPlanJobOrders(
        self, request: pb.ListPlanJobOrdersRequest, context: Any
    ) -> pb.ListPlanJobOrdersResponse:
        """Return the verdict on each order of a job, waiting ones included, in the order they are taken."""
        size = page_size(request.page.page_size)
        (after,) = page_token.read("plan_job", request.page.page_token, page_token.number, first=(0,))
        key = as_uuid(request.job_id)
        async with self.database.read() as reader:
            await _job(reader, request.job_id)
            found = await verdicts_of(reader, key, after, size + 1) if key else []
        following = page_token.write("plan_job", found[size - 1].position) if len(found) > size else ""
        return pb.ListPlanJobOrdersResponse(entries=[_entry(row) for row in found[:size]], next_page_token=following)


async def _job(reader: Reader, job_id: str) -> pb.PlanJob:
    key = as_uuid(job_id)
    found = await job_of(reader, key) if key else None
    if found is None:
        raise NotFound(kind="plan_job", key=job_id[:64])
    head, counts, entries = found
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
