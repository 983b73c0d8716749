"""/invoice-tasks and /reports"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from orderhub.order.v1.finance_pb2 import (
    GetInvoiceTimelinessRequest,
    GetInvoiceTimelinessResponse,
    GetLeadTimesRequest,
    GetReconciliationRequest,
    GetReconciliationResponse,
    InvoiceTask,
    ListInvoiceTasksRequest,
    RecordInvoiceRequest,
)

from gateway_service import answers
from gateway_service.bodies.orders import InvoiceBody, InvoiceTaskFilter, LeadTimeFilter, MonthFilter, PeriodFilter
from gateway_service.exchange import command
from gateway_service.rendering import answer, one, page, render
from gateway_service.routes import Services, router

api = router("finance and reports")


@api.get("/invoice-tasks", responses=answers.listing(InvoiceTask))
async def list_invoice_tasks(filters: Annotated[InvoiceTaskFilter, Query()], services: Services) -> Response:
    """Invoice to-dos, newest first (S55)."""
    request = ListInvoiceTasksRequest(page=filters.wire(), state=filters.state, order=filters.order)
    found = await services.order.ask(services.order.finance.ListInvoiceTasks, request)
    return page(found.tasks, found.next_page_token)


@api.post("/invoice-tasks/{task}:invoice", responses=answers.one(InvoiceTask))
async def record_invoice(task: str, body: InvoiceBody, services: Services) -> Response:
    """Record an invoice; another quantity than the task's is taken and shows in reconciliation."""
    request = RecordInvoiceRequest(context=command(), task_id=task, **body.given())
    return one((await services.order.ask(services.order.finance.RecordInvoice, request)).task)


@api.get("/reports/reconciliation", responses=answers.one(GetReconciliationResponse))
async def reconciliation(filters: Annotated[MonthFilter, Query()], services: Services) -> Response:
    """Lines of a month where shipped - returned differs from invoiced, with their sources (S11)."""
    request = GetReconciliationRequest(month=filters.month)
    return one(await services.order.ask(services.order.finance.GetReconciliation, request))


@api.get(
    "/reports/lead-times",
    responses=answers.free({"period": "object", "filter": "object", "stages": "array", "groups": "array"}),
)
async def lead_times(filters: Annotated[LeadTimeFilter, Query()], services: Services) -> Response:
    """Hours between stages: n, mean, median, 90th percentile per group (S81)."""
    request = GetLeadTimesRequest(
        from_date=filters.from_date or "", to_date=filters.to_date or "", group_by=filters.group_by
    )
    found = await services.order.ask(services.order.finance.GetLeadTimes, request)
    report: dict[str, Any] = {
        "period": {"from": found.from_date or None, "to": found.to_date or None},
        "filter": {"group_by": filters.group_by},
        "stages": list(found.stages),
        "groups": [render(group) for group in found.groups],
    }
    return answer(report)


@api.get("/reports/invoice-timeliness", responses=answers.one(GetInvoiceTimelinessResponse))
async def invoice_timeliness(filters: Annotated[PeriodFilter, Query()], services: Services) -> Response:
    """How many invoice tasks of a period were done in time, and which are overdue now (S59)."""
    request = GetInvoiceTimelinessRequest(from_date=filters.from_date or "", to_date=filters.to_date or "")
    return one(await services.order.ask(services.order.finance.GetInvoiceTimeliness, request))
