"""Tell once that an invoice task is overdue (S59)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from order_service.app.ports import Invoices, Orders
from order_service.domain.events import InvoiceTaskOverdue

INVOICE_DUE_DAYS = 3


async def tell_overdue(
    number: str, task_id: UUID, due_days: int, *, orders: Orders, invoices: Invoices, now: datetime
) -> bool:
    """Tell that a task is overdue; False when it was closed, reopened or told meanwhile."""
    order = await orders.get(number)
    due_from = await invoices.mark_overdue(task_id, now - timedelta(days=due_days), now)
    if due_from is None:
        return False
    order.record(InvoiceTaskOverdue(str(task_id), due_days, due_from + timedelta(days=due_days)))
    await orders.save(order)
    return True
