"""Invoice tasks and invoices in Postgres."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from chassis.database import Transaction
from chassis.ids import uuid7
from chassis.sql import Connection, text
from order_service.adapters.order_rows import read_id
from order_service.app.facts import InvoiceTask
from order_service.domain.errors import NotFound
from order_service.domain.invoicing import Part

# S55: exactly one task per order and shipment (unique); a closed one opens again when there is something new to invoice.
_OPEN = text("""
INSERT INTO invoice_task (id, order_id, shipment_number, state, opened_at, due_from)
VALUES (:id, :order_id, :shipment, 'open', :at, :at)
ON CONFLICT (order_id, shipment_number) DO UPDATE SET state = 'open', closed_at = NULL, due_from = :at, overdue_told_at = NULL
WHERE invoice_task.state = 'done'
RETURNING id
""")
_REOPEN = text("""
UPDATE invoice_task SET state = 'open', closed_at = NULL, due_from = :at, overdue_told_at = NULL
WHERE order_id = :order_id AND shipment_number = :shipment AND state = 'done' RETURNING id
""")
_WHOLE = text("SELECT 1 FROM invoice_task WHERE order_id = :order_id AND shipment_number = ''")
_PARTS = text("""
SELECT shipment_number AS shipment, line_no, kept, task_id, invoiced FROM shipment_part
WHERE order_id = :order_id ORDER BY shipped_at, shipment_number, line_no
""")
_ORDER_OF = text("SELECT o.number FROM invoice_task t JOIN customer_order o ON o.id = t.order_id WHERE t.id = :id")
_TASK = text("""
SELECT t.id, o.number AS order_number, t.state, t.opened_at, t.closed_at,
       coalesce((SELECT string_agg(i.invoice_no, ',' ORDER BY i.recorded_at) FROM invoice i WHERE i.task_id = t.id), '') AS invoice_no,
       t.shipment_number
FROM invoice_task t JOIN customer_order o ON o.id = t.order_id WHERE t.id = :id FOR UPDATE OF t
""")
_INVOICE = text("""
INSERT INTO invoice (task_id, invoice_no, order_id, recorded_at, actor)
SELECT id, :invoice_no, order_id, :at, :actor FROM invoice_task WHERE id = :id
""")
_LINES = text("""
INSERT INTO invoice_line (task_id, invoice_no, order_id, line_no, quantity)
SELECT t.id, :invoice_no, t.order_id, l.line_no, l.quantity
FROM invoice_task t, unnest(CAST(:line_nos AS int[]), CAST(:quantities AS numeric[])) AS l (line_no, quantity)
WHERE t.id = :id
""")
_CLOSE = text("UPDATE invoice_task SET state = 'done', closed_at = :at WHERE id = :id")
_OVERDUE = text("""
SELECT t.id, o.number FROM invoice_task t JOIN customer_order o ON o.id = t.order_id
WHERE t.state = 'open' AND t.due_from < :before AND t.overdue_told_at IS NULL ORDER BY t.due_from LIMIT 200
""")
_MARK = text("""
UPDATE invoice_task SET overdue_told_at = :now
WHERE id = :id AND state = 'open' AND due_from < :before AND overdue_told_at IS NULL RETURNING due_from
""")
_HAS = text("SELECT 1 FROM invoice WHERE task_id = :id AND invoice_no = :invoice_no")


async def find_overdue(connection: Connection, now: datetime, due_days: int) -> list[tuple[UUID, str]]:
    """Return id and order number of overdue tasks not yet told, oldest first."""
    rows = await connection.execute(_OVERDUE, {"before": now - timedelta(days=due_days)})
    return [(row.id, row.number) for row in rows]


class InvoiceRepository:
    """Invoice tasks of one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def open_task(self, order_id: UUID, shipment: str, at: datetime) -> UUID | None:
        """Open the task of a shipment, or of the whole order; None when it is open already."""
        params = {"id": uuid7(), "order_id": order_id, "shipment": shipment, "at": at}
        task_id: UUID | None = (await self._unit.execute(_OPEN, params)).scalar()
        return task_id

    async def reopen_task(self, order_id: UUID, shipment: str, at: datetime) -> UUID | None:
        """Open a closed task again; None when there is none."""
        params = {"order_id": order_id, "shipment": shipment, "at": at}
        task_id: UUID | None = (await self._unit.execute(_REOPEN, params)).scalar()
        return task_id

    async def has_whole_task(self, order_id: UUID) -> bool:
        return (await self._unit.execute(_WHOLE, {"order_id": order_id})).one_or_none() is not None

    async def parts(self, order_id: UUID) -> list[Part]:
        """Return the shipped lines of an order in order of shipping."""
        return [Part(**row) for row in await self._unit.execute(_PARTS, {"order_id": order_id})]

    async def mark_overdue(self, task_id: UUID, before: datetime, now: datetime) -> datetime | None:
        """Mark an overdue task once; return from when it was due, None when it is not to be told."""
        marked = await self._unit.execute(_MARK, {"id": task_id, "before": before, "now": now})
        due_at: datetime | None = marked.scalar()
        return due_at

    async def order_of(self, task_id: str) -> str:
        """Return the number of the order a task belongs to; raise NotFound."""
        found = read_id(task_id)
        number = (await self._unit.execute(_ORDER_OF, {"id": found})).scalar() if found else None
        if number is None:
            raise NotFound("INVOICE_TASK_NOT_FOUND", task_id=task_id[:64])
        return str(number)

    async def task(self, task_id: str) -> InvoiceTask:
        """Return a task, locked; raise NotFound."""
        found = read_id(task_id)
        row = (await self._unit.execute(_TASK, {"id": found})).one_or_none() if found else None
        if row is None:
            raise NotFound("INVOICE_TASK_NOT_FOUND", task_id=task_id[:64])
        return InvoiceTask(**row)

    async def has_invoice(self, task_id: UUID, invoice_no: str) -> bool:
        return (await self._unit.execute(_HAS, {"id": task_id, "invoice_no": invoice_no})).one_or_none() is not None

    async def record(self, task: InvoiceTask, invoice_no: str, lines: Mapping[int, Decimal], at: datetime) -> None:
        """Store an invoice with its lines and close the task."""
        params = {"id": task.id, "invoice_no": invoice_no}
        await self._unit.execute(_INVOICE, {**params, "at": at, "actor": self._unit.actor})
        await self._unit.execute(_LINES, {**params, "line_nos": list(lines), "quantities": list(lines.values())})
        await self._unit.execute(_CLOSE, {"id": task.id, "at": at})
