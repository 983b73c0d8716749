"""Queries for finance: invoice tasks and the reconciliation of a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Database
from chassis.sql import text
from order_service.adapters.order_rows import read_id
from order_service.adapters.order_views import OWN
from order_service.app.facts import InvoiceTask
from order_service.domain.texts import is_clean

_TASK = """
SELECT t.id, o.number AS order_number, t.state, t.opened_at, t.closed_at, c.name AS customer_name,
  coalesce((SELECT string_agg(i.invoice_no, ',' ORDER BY i.recorded_at) FROM invoice i WHERE i.task_id = t.id), '') AS invoice_no,
  t.order_id, t.shipment_number
FROM invoice_task t JOIN customer_order o ON o.id = t.order_id JOIN customer c ON c.id = o.customer_id
"""
_FILTERS = {
    "state": "t.state = :state",
    "number": "o.number = :number",
    "order_id": "o.id = :order_id",
    "after": "t.id < :after",
    "owner": OWN,
}
# An open task asks for what stays with the customer and is not invoiced, of its shipment or of what has no task; a closed one shows what was invoiced.
_LINES = text("""
SELECT t.id AS task_id, l.line_no, l.item_code, l.item_name, l.unit,
  CASE WHEN t.state = 'done' THEN
         coalesce((SELECT sum(i.quantity) FROM invoice_line i WHERE i.task_id = t.id AND i.line_no = l.line_no), 0)
       WHEN t.shipment_number = '' THEN l.shipped_quantity - l.returned_quantity - l.invoiced_quantity - p.due
       ELSE p.own END AS quantity
FROM invoice_task t JOIN order_line l ON l.order_id = t.order_id
LEFT JOIN LATERAL (
  SELECT coalesce(sum(kept - invoiced) FILTER (WHERE task_id IS NOT NULL), 0) AS due,
         coalesce(sum(kept - invoiced) FILTER (WHERE task_id = t.id), 0) AS own
  FROM shipment_part s WHERE s.order_id = l.order_id AND s.line_no = l.line_no) p ON true
WHERE t.id = ANY(CAST(:ids AS uuid[])) ORDER BY t.id, l.line_no
""")
# Lines touched in the month (shipped, returned or invoiced) whose net shipped differs from what is invoiced.
_DIFFERENCES = text("""
WITH touched AS (
  SELECT l.order_id FROM shipment s JOIN shipment_line l ON l.shipment_number = s.number
  WHERE s.shipped_at >= :begin AND s.shipped_at < :end AND l.told
  UNION SELECT order_id FROM invoice WHERE recorded_at >= :begin AND recorded_at < :end
  UNION SELECT order_id FROM goods_return WHERE returned_at >= :begin AND returned_at < :end
), different AS (
  SELECT l.order_id, l.line_no, l.item_code, l.unit, l.shipped_quantity, l.returned_quantity, l.invoiced_quantity
  FROM order_line l WHERE l.order_id IN (SELECT order_id FROM touched)
    AND l.shipped_quantity - l.returned_quantity <> l.invoiced_quantity
), last AS (
  SELECT order_id, line_no, max(at) AS at FROM (
    SELECT l.order_id, l.line_no, s.shipped_at AS at FROM shipment_line l JOIN shipment s ON s.number = l.shipment_number
    WHERE l.told AND l.order_id IN (SELECT order_id FROM different)
    UNION ALL SELECT l.order_id, l.line_no, i.recorded_at FROM invoice_line l JOIN invoice i USING (task_id, invoice_no)
    WHERE l.order_id IN (SELECT order_id FROM different)
    UNION ALL SELECT order_id, line_no, returned_at FROM goods_return
    WHERE order_id IN (SELECT order_id FROM different)
  ) m GROUP BY order_id, line_no
)
SELECT o.number, d.order_id, d.line_no, d.item_code, d.unit, d.shipped_quantity AS shipped,
       d.returned_quantity AS returned, d.invoiced_quantity AS invoiced
FROM different d JOIN customer_order o ON o.id = d.order_id JOIN last USING (order_id, line_no)
WHERE last.at >= :begin AND last.at < :end
ORDER BY o.number, d.line_no
""")
_SOURCES = text("""
SELECT order_id, line_no, kind, ref, quantity, actor, at FROM (
  SELECT l.order_id, l.line_no, 'shipment' AS kind, s.number AS ref, l.quantity, l.actor, s.shipped_at AS at
  FROM shipment_line l JOIN shipment s ON s.number = l.shipment_number
  WHERE l.told AND l.order_id = ANY(CAST(:ids AS uuid[]))
  UNION ALL
  SELECT order_id, line_no, 'receipt', number, quantity, actor, received_at FROM receipt
  WHERE order_id = ANY(CAST(:ids AS uuid[]))
  UNION ALL
  SELECT order_id, line_no, 'return', number, quantity, actor, returned_at FROM goods_return
  WHERE order_id = ANY(CAST(:ids AS uuid[]))
  UNION ALL
  SELECT l.order_id, l.line_no, 'invoice', l.invoice_no, l.quantity, i.actor, i.recorded_at
  FROM invoice_line l JOIN invoice i USING (task_id, invoice_no) WHERE l.order_id = ANY(CAST(:ids AS uuid[]))
) s ORDER BY at, kind DESC, ref
""")


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What is, or was, to invoice of one line."""

    line_no: int
    item_code: str
    item_name: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class TaskView:
    """An invoice task with its lines."""

    task: InvoiceTask
    customer_name: str
    lines: Sequence[TaskLine]


@dataclass(frozen=True, slots=True)
class Source:
    """One document behind a difference."""

    kind: str
    ref: str
    quantity: Decimal
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """A line where shipped - returned differs from invoiced."""

    order_number: str
    line_no: int
    item_code: str
    unit: str
    shipped: Decimal
    returned: Decimal
    invoiced: Decimal
    sources: Sequence[Source]


def month_bounds(first: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants between which a month of the factory lies."""
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return datetime.combine(first, time(), zone), datetime.combine(following, time(), zone)


class FinanceViews:
    """Answers for finance from one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tasks(self, state: str, order: str, after: UUID | None, limit: int, owner: str = "") -> list[TaskView]:
        """Return the newest tasks of a state or an order, of those `owner` may see."""
        if not (is_clean(state) and is_clean(order)):
            return []
        given: dict[str, Any] = {"state": state, "after": after, "owner": owner}
        if order:
            given |= {"order_id": read_id(order)} if read_id(order) else {"number": order}
        return await self._tasks({name: value for name, value in given.items() if value}, limit)

    async def _tasks(self, params: dict[str, Any], limit: int) -> list[TaskView]:
        where = " AND ".join(_FILTERS[name] for name in _FILTERS if name in params) or "true"
        async with self._database.read() as connection:
            return await read_tasks(connection, where, params, limit)

    async def differences(self, begin: datetime, end: datetime) -> list[Difference]:
        """Return the lines last moved between two instants that don't balance, each with its documents."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_DIFFERENCES, {"begin": begin, "end": end})).all()
            ids = sorted({row.order_id for row in rows})
            sources = (await connection.execute(_SOURCES, {"ids": ids})).all() if ids else []
        behind: dict[tuple[UUID, int], list[Source]] = {}
        for row in sources:
            source = Source(row.kind, row.ref, row.quantity, row.actor, row.at)
            behind.setdefault((row.order_id, row.line_no), []).append(source)
        return [
            Difference(
                row.number,
                row.line_no,
                row.item_code,
                row.unit,
                row.shipped,
                row.returned,
                row.invoiced,
                behind.get((row.order_id, row.line_no), []),
            )
            for row in rows
        ]


async def read_tasks(connection: Any, where: str, params: dict[str, Any], limit: int) -> list[TaskView]:
    """Return tasks of a condition made of constants, with their lines that are not zero."""
    query = text(f"{_TASK} WHERE {where} ORDER BY t.id DESC LIMIT :limit")
    rows = (await connection.execute(query, {**params, "limit": limit})).all()
    lines: dict[UUID, list[TaskLine]] = {row.id: [] for row in rows}
    for line in await connection.execute(_LINES, {"ids": list(lines)}):
        if line.quantity:
            task_line = TaskLine(line.line_no, line.item_code, line.item_name, line.quantity, line.unit)
            lines[line.task_id].append(task_line)
    return [
        TaskView(
            InvoiceTask(
                row.id, row.order_number, row.state, row.opened_at, row.closed_at, row.invoice_no, row.shipment_number
            ),
            row.customer_name,
            lines[row.id],
        )
        for row in rows
    ]
