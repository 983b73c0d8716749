"""Open the invoice task of an order when there is something to invoice (S55, X13, X47)."""

from __future__ import annotations

from datetime import datetime

from order_service.app.ports import Invoices
from order_service.domain.events import InvoiceTaskOpened
from order_service.domain.order import Order


async def open_invoice_task(order: Order, invoices: Invoices, now: datetime) -> None:
    """Open the task and tell it, unless nothing is to be invoiced or it is open."""
    if not any(line.to_invoice for line in order.lines):
        return
    task_id = await invoices.open_task(order.id, now)
    if task_id is not None:
        order.record(InvoiceTaskOpened(str(task_id)))
