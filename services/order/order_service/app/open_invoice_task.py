"""Open the invoice tasks of an order when there is something to invoice (S55, S59, X13, X47)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from order_service.app.ports import Invoices
from order_service.domain.events import InvoiceTaskOpened
from order_service.domain.invoicing import PER_SHIPMENT, WHOLE, due_of, untold_shipments
from order_service.domain.order import Order


async def open_invoice_tasks(order: Order, invoices: Invoices, now: datetime, *, ended: bool) -> None:
    """Open a task per shipment where the customer wants that; when the order `ended`, one for what none asks for."""
    if order.invoice_policy == PER_SHIPMENT and not await invoices.has_whole_task(order.id):
        for shipment in untold_shipments(await invoices.parts(order.id)):
            await _open(order, shipment, invoices, now)
    if ended:
        await _open(order, WHOLE, invoices, now)


async def _open(order: Order, shipment: str, invoices: Invoices, now: datetime) -> None:
    due = due_of(shipment, order.to_invoice, await invoices.parts(order.id))
    task_id = await invoices.open_task(order.id, shipment, now) if due else None
    if task_id is not None:
        order.record(InvoiceTaskOpened(str(task_id), shipment, due))


async def reopen_invoice_tasks(order: Order, shipments: Collection[str], invoices: Invoices, now: datetime) -> None:
    """Open closed tasks again that invoiced more than the customer kept; `shipments` are those goods came back from."""
    parts = await invoices.parts(order.id)
    for shipment in (*sorted(shipments), WHOLE):
        due = due_of(shipment, order.to_invoice, parts)
        if any(quantity < 0 for quantity in due.values()):
            task_id = await invoices.reopen_task(order.id, shipment, now)
            if task_id is not None:
                order.record(InvoiceTaskOpened(str(task_id), shipment, due))
