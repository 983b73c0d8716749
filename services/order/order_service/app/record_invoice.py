"""Write an invoice number back and close the task (S55, S59)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from order_service.app.facts import InvoiceTask
from order_service.app.ports import Goods, Invoices, Orders
from order_service.domain.errors import FieldProblem, IllegalMove, Invalid
from order_service.domain.events import InvoiceRecorded
from order_service.domain.invoicing import WHOLE, Part, due_of
from order_service.domain.order import Order
from order_service.domain.quantity import LIMIT, is_exact, read_decimal
from order_service.domain.texts import checked_texts


@dataclass(frozen=True, slots=True)
class InvoiceEntry:
    """An invoice as typed; without lines it is for what the task says. Lines are (line_no, quantity)."""

    task_id: str
    invoice_no: str
    lines: Sequence[tuple[int, str]]


async def record_invoice(
    entry: InvoiceEntry, *, orders: Orders, goods: Goods, invoices: Invoices, now: datetime
) -> tuple[InvoiceTask, Order]:
    """Return the closed task and its order; the same invoice again changes nothing. Raise Invalid, NotFound, IllegalMove."""
    number = check_number(entry.invoice_no)
    order = await orders.get(await invoices.order_of(entry.task_id))
    task = await invoices.task(entry.task_id)
    if await invoices.has_invoice(task.id, number):
        return task, order
    if task.state != "open":
        raise IllegalMove("invoice", order.number, task.state, (), reason="INVOICE_TASK_CLOSED")
    parts = await invoices.parts(order.id)
    await invoices.record(task, number, lines_of(entry.lines, task, order, parts), now)
    order.weigh(await goods.totals(order.id))
    order.record(InvoiceRecorded(str(task.id), number))
    await orders.save(order)
    return await invoices.task(entry.task_id), order


def check_number(typed: str) -> str:
    """Return the invoice number; raise Invalid."""
    problems = checked_texts({"invoice_no": (typed, 64)})
    if not typed.strip():
        problems.append(FieldProblem("invoice_no", "REQUIRED"))
    if problems:
        raise Invalid(problems)
    return typed.strip()


def lines_of(
    lines: Sequence[tuple[int, str]], task: InvoiceTask, order: Order, parts: Sequence[Part]
) -> Mapping[int, Decimal]:
    """Return the invoiced quantities by line; another quantity than the task's is accepted (contract 3), raise Invalid."""
    if not lines:
        return due_of(task.shipment_number, order.to_invoice, parts)
    shipped = {part.line_no for part in parts if part.shipment == task.shipment_number}
    known = shipped if task.shipment_number != WHOLE else set(order.to_invoice)
    found: dict[int, Decimal] = {}
    problems = []
    for n, (line_no, typed) in enumerate(lines):
        quantity = read_decimal(typed)
        if line_no not in known or line_no in found:
            problems.append(FieldProblem(f"lines.{n}.line_no", "LINE_UNKNOWN", {"line_no": str(line_no)}))
        elif quantity is None or abs(quantity) > LIMIT or not is_exact(quantity):
            problems.append(FieldProblem(f"lines.{n}.quantity", "QUANTITY_INVALID", {"line_no": str(line_no)}))
        else:
            found[line_no] = quantity
    if problems:
        raise Invalid(problems)
    return found
