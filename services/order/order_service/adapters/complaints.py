"""Complaints in Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.sql import Connection, Row, text
from order_service.adapters.order_rows import read_id
from order_service.adapters.order_views import OWN
from order_service.domain.complaint import Complaint
from order_service.domain.errors import NotFound
from order_service.domain.texts import is_clean

_COLUMNS = """c.id, c.order_id, o.number AS order_number, c.kind, c.text, c.stage, c.complained_at, c.recorded_at,
  c.recorded_by, c.closed_at, c.closed_by, c.resolution"""
_FROM = "FROM complaint c JOIN customer_order o ON o.id = c.order_id"
_ADD = text("""
INSERT INTO complaint (id, order_id, kind, text, stage, complained_at, recorded_at, recorded_by)
VALUES (:id, :order_id, :kind, :text, :stage, :complained_at, :recorded_at, :recorded_by)
""")
_ORDER_OF = text(f"SELECT o.number {_FROM} WHERE c.id = :id")
_GET = text(f"SELECT {_COLUMNS} {_FROM} WHERE c.id = :id FOR UPDATE OF c")
_SAVE = text("""
UPDATE complaint SET stage = :stage, closed_at = :closed_at, closed_by = :closed_by, resolution = :resolution WHERE id = :id
""")
_VIEW = f"""
SELECT {_COLUMNS}, o.customer_id, k.name AS customer_name, o.sales_owner
{_FROM} JOIN customer k ON k.id = o.customer_id
"""
_FILTERS = {
    "id": "c.id = :id",
    "open": "(c.closed_at IS NULL) = :open",
    "kind": "c.kind = :kind",
    "number": "o.number = :number",
    "order_id": "o.id = :order_id",
    "customer_id": "o.customer_id = :customer_id",
    "after": "c.id < :after",
    "owner": OWN,
}


@dataclass(frozen=True, slots=True)
class ComplaintFilter:
    """Which complaints; what is empty does not narrow."""

    state: str = ""
    kind: str = ""
    order: str = ""
    customer_id: str = ""

    def params(self) -> dict[str, Any] | None:
        """Return the parameters of the filter; None when it can match nothing."""
        if not (is_clean(self.order) and is_clean(self.kind)):
            return None
        found: dict[str, Any] = {"open": self.state == "open"} if self.state else {}
        if self.kind:
            found["kind"] = self.kind
        if self.order:
            found |= {"order_id": read_id(self.order)} if read_id(self.order) else {"number": self.order}
        if self.customer_id:
            found["customer_id"] = read_id(self.customer_id)
        return found if found.get("customer_id", "") is not None else None


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """A complaint beside the order's customer and salesperson."""

    complaint: Complaint
    customer_id: UUID
    customer_name: str
    sales_owner: str


def _id_of(typed: str) -> UUID:
    found = read_id(typed)
    if found is None:
        raise NotFound("COMPLAINT_NOT_FOUND", complaint=typed[:64])
    return found


class ComplaintRepository:
    """Complaints of one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def add(self, complaint: Complaint) -> None:
        """Store a new one."""
        await self._unit.execute(_ADD, {
            "id": complaint.id, "order_id": complaint.order_id, "kind": complaint.kind, "text": complaint.text,
            "stage": complaint.stage, "complained_at": complaint.complained_at, "recorded_at": complaint.recorded_at,
            "recorded_by": complaint.recorded_by,
        })  # fmt: skip

    async def order_of(self, complaint_id: str) -> str:
        """Return the number of the complaint's order; raise NotFound."""
        number: str | None = (await self._unit.execute(_ORDER_OF, {"id": _id_of(complaint_id)})).scalar()
        if number is None:
            raise NotFound("COMPLAINT_NOT_FOUND", complaint=complaint_id[:64])
        return number

    async def get(self, complaint_id: str) -> Complaint:
        """Return, locked; raise NotFound."""
        row = (await self._unit.execute(_GET, {"id": _id_of(complaint_id)})).one_or_none()
        if row is None:
            raise NotFound("COMPLAINT_NOT_FOUND", complaint=complaint_id[:64])
        return _complaint(row)

    async def save(self, complaint: Complaint) -> None:
        """Store how it ended."""
        await self._unit.execute(_SAVE, {
            "id": complaint.id, "stage": complaint.stage, "closed_at": complaint.closed_at,
            "closed_by": complaint.closed_by, "resolution": complaint.resolution,
        })  # fmt: skip


class ComplaintViews:
    """Answers about complaints."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def complaints(
        self, wanted: ComplaintFilter, after: UUID | None, limit: int, owner: str = ""
    ) -> list[ComplaintView]:
        """Return the newest complaints, of orders `owner` may see."""
        params = wanted.params()
        if params is None:
            return []
        params |= {"after": after} if after else {}
        params |= {"owner": owner} if owner else {}
        async with self._database.read() as connection:
            return await read_complaints(connection, params, limit)


async def read_complaints(connection: Connection, params: dict[str, Any], limit: int = 1) -> list[ComplaintView]:
    """Return the complaints that the parameters name, newest first."""
    where = " AND ".join(_FILTERS[name] for name in _FILTERS if name in params) or "true"
    query = text(f"{_VIEW} WHERE {where} ORDER BY c.id DESC LIMIT :limit")
    rows = (await connection.execute(query, {**params, "limit": limit})).all()
    return [ComplaintView(_complaint(row), row.customer_id, row.customer_name, row.sales_owner) for row in rows]


def _complaint(row: Row) -> Complaint:
    return Complaint(*(getattr(row, name) for name in Complaint.__slots__))
