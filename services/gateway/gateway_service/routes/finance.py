"""/invoice-tasks"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from orderhub.order.v1.finance_pb2 import InvoiceTask, ListInvoiceTasksRequest, RecordInvoiceRequest

from gateway_service import answers
from gateway_service.bodies.orders import InvoiceBody, InvoiceTaskFilter
from gateway_service.exchange import command
from gateway_service.rendering import one, page
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
