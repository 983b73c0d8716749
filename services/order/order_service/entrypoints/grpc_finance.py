"""FinanceService over gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orderhub.order.v1 import finance_pb2 as pb

from chassis.commands import Commands
from chassis.database import Transaction
from order_service.adapters.finance_views import Difference, FinanceViews, TaskView, month_bounds, read_tasks
from order_service.adapters.goods import GoodsLedger
from order_service.adapters.invoices import InvoiceRepository
from order_service.adapters.messages import stamp
from order_service.adapters.orders import OrderRepository
from order_service.app.record_invoice import InvoiceEntry, record_invoice
from order_service.domain.errors import Invalid
from order_service.domain.quantity import plain
from order_service.domain.stages import hours_text
from order_service.domain.texts import word_problems
from order_service.entrypoints.grpc_reports import ReportApi
from order_service.entrypoints.paging import next_token, page_size, read_token
from order_service.entrypoints.periods import read_month, read_period

TASK_STATES = ("open", "done")


def task_message(view: TaskView) -> pb.InvoiceTask:
    """Return an invoice task as finance sees it."""
    lines = [
        pb.InvoiceLine(
            line_no=x.line_no, item_code=x.item_code, quantity=plain(x.quantity), unit=x.unit, item_name=x.item_name
        )
        for x in view.lines
    ]
    task = view.task
    return pb.InvoiceTask(
        id=str(task.id), order_number=task.order_number, state=task.state, lines=lines,
        opened_at=stamp(task.opened_at), closed_at=stamp(task.closed_at), invoice_no=task.invoice_no,
        customer_name=view.customer_name, shipment_number=task.shipment_number,
    )  # fmt: skip


def difference_message(found: Difference) -> pb.Difference:
    """Return a line that does not balance, with its documents."""
    sources = [
        pb.DifferenceSource(kind=x.kind, ref=x.ref, quantity=plain(x.quantity), actor=x.actor, at=stamp(x.at))
        for x in found.sources
    ]
    return pb.Difference(
        order_number=found.order_number, line_no=found.line_no, item_code=found.item_code,
        shipped=plain(found.shipped), returned=plain(found.returned), invoiced=plain(found.invoiced),
        difference=plain(found.shipped - found.returned - found.invoiced), unit=found.unit, sources=sources,
    )  # fmt: skip


@dataclass
class FinanceApi(ReportApi):
    """Invoice tasks, reconciliation, and the reports."""

    commands: Commands
    views: FinanceViews

    async def ListInvoiceTasks(self, request: pb.ListInvoiceTasksRequest, context: Any) -> pb.ListInvoiceTasksResponse:
        if problems := word_problems("state", request.state, TASK_STATES, "STATE_UNKNOWN"):
            raise Invalid(problems)
        size = page_size(request.page)
        found = await self.views.tasks(
            request.state, request.order, read_token("invoice_tasks", request.page), size + 1, self.owner
        )
        token = next_token("invoice_tasks", [view.task.id for view in found], size)
        return pb.ListInvoiceTasksResponse(tasks=[task_message(view) for view in found[:size]], next_page_token=token)

    async def RecordInvoice(self, request: pb.RecordInvoiceRequest, context: Any) -> pb.RecordInvoiceResponse:
        entry = InvoiceEntry(request.task_id, request.invoice_no, [(x.line_no, x.quantity) for x in request.lines])

        async def work(unit: Transaction) -> pb.RecordInvoiceResponse:
            task, _ = await record_invoice(
                entry, orders=OrderRepository(unit), goods=GoodsLedger(unit), invoices=InvoiceRepository(unit),
                now=unit.now,
            )  # fmt: skip
            view = (await read_tasks(unit.connection, "t.id = :id", {"id": task.id}, 1))[0]
            return pb.RecordInvoiceResponse(task=task_message(view))

        return await self.commands.run(request.context, pb.RecordInvoiceResponse, work)

    async def GetReconciliation(
        self, request: pb.GetReconciliationRequest, context: Any
    ) -> pb.GetReconciliationResponse:
        first = read_month(request.month or f"{self.database.clock.today():%Y-%m}")
        found = await self.views.differences(*month_bounds(first, self.zone))
        return pb.GetReconciliationResponse(items=[difference_message(one) for one in found], month=f"{first:%Y-%m}")

    async def GetInvoiceTimeliness(
        self, request: pb.GetInvoiceTimelinessRequest, context: Any
    ) -> pb.GetInvoiceTimelinessResponse:
        first, last = read_period(request, self.database.clock.today())
        found = await self.timeliness.timeliness(*self._instants(first, last))
        return pb.GetInvoiceTimelinessResponse(
            from_date=first.isoformat(), to_date=last.isoformat(), due_days=self.timeliness.due_days,
            opened_count=found.opened, in_time_count=found.in_time, late_count=found.late, pending_count=found.pending,
            rate=hours_text(found.rate), overdue=[task_message(view) for view in found.overdue],
        )  # fmt: skip
