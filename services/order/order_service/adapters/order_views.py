"""Queries about orders: named SQL, no locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Database
from chassis.sql import Row, text
from order_service.adapters import order_rows as rows
from order_service.adapters.goods import SHIPMENTS, shipments_of
from order_service.adapters.phones import normalise
from order_service.adapters.stage_times import MOVED, WAITED
from order_service.app.facts import Shipment
from order_service.domain.errors import NotFound
from order_service.domain.lifecycle import SENT, STATES
from order_service.domain.order import Order
from order_service.domain.stages import MOMENTS
from order_service.domain.texts import is_clean

_SHIPMENTS_OF = text("SELECT DISTINCT shipment_number FROM shipment_line WHERE order_id = :id AND told")
_STANDINGS = text("SELECT number, state, updated_at FROM customer_order WHERE number = ANY(CAST(:numbers AS text[]))")
_TIMELINE = text("SELECT at, actor, what, params FROM timeline WHERE order_id = :id ORDER BY id")
_MILESTONES = text(f"SELECT {', '.join(MOMENTS)} FROM order_milestones WHERE order_id = :id")  # noqa: S608
_WAITING = text(f"SELECT {WAITED} FROM order_shortage WHERE order_id = :id")  # noqa: S608  constant
OWN = "(o.sales_owner IN ('', :owner) OR o.created_by = :owner)"  # what Order.is_seen_by says, of columns
_SEEN = text(f"""
SELECT o.number FROM customer_order o
WHERE (o.number = ANY(CAST(:numbers AS text[])) OR (o.attachment_ids <> '{{}}' AND o.attachment_ids @> CAST(:attachments AS text[])
       AND cardinality(CAST(:attachments AS text[])) > 0))
  AND (:owner = '' OR {OWN})
ORDER BY o.number
""")  # noqa: S608
_OWED = ", ".join(f"'{state}'" for state in STATES if state not in SENT)  # constants of the domain
_FILTERS = {
    "state": "o.state = :state",
    "owed": f"o.state IN ({_OWED})",  # by customer_order_state
    "urgency": "o.urgency = :urgency",
    "channel": "o.channel = :channel",
    "customer_id": "o.customer_id = :customer_id",
    "due_before": "o.due_date < :due_before",
    "owner": OWN,
    "q": """o.id IN (
      SELECT id FROM customer_order WHERE number LIKE :number_start
      UNION ALL SELECT id FROM customer_order WHERE source_ref LIKE :start
      UNION ALL SELECT id FROM customer_order WHERE contact_phone = :phone AND :phone <> ''
      UNION ALL SELECT order_id FROM order_line WHERE item_code IN (
        SELECT :q UNION SELECT code FROM item_copy WHERE aliases && ARRAY[CAST(:q AS text)])
      UNION ALL SELECT l.order_id FROM shipment s JOIN shipment_line l ON l.shipment_number = s.number
        WHERE s.tracking_numbers && ARRAY[CAST(:q AS text)]
      UNION ALL SELECT id FROM customer_order WHERE customer_id IN (
        SELECT id FROM customer WHERE strpos(lower(name), :lower) > 0 OR strpos(pinyin, :lower) > 0
        UNION SELECT customer_id FROM customer_phone WHERE phone = :phone))""",
}
# How a list is sorted: its order, and what comes after a place. Ids ascend with the time of entry.
SORTS = {
    "": ("o.id DESC", "o.id < :after"),
    "created_at": ("o.id", "o.id > :after"),
    "due_date": ("o.due_date, o.id", "(o.due_date, o.id) > (:after_due, :after)"),
    "-due_date": ("o.due_date DESC, o.id DESC", "(o.due_date, o.id) < (:after_due, :after)"),
}


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What a list is narrowed to, where empty values don't narrow; how it is sorted, and the place it goes on after."""

    state: str = ""
    urgency: str = ""
    channel: str = ""
    customer_id: str = ""
    q: str = ""
    due_before: date | None = None
    owed: bool = False  # goods are still to go out
    owner: str = ""  # the salesperson whose orders alone are seen
    sort: str = ""  # of SORTS
    after: UUID | None = None
    after_due: date | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Who did what when."""

    at: datetime
    actor: str
    what: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The time an order waited for material."""

    raised: datetime | None
    cleared: datetime | None
    open_now: bool


class OrderViews:
    """Answers about orders from one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def order(self, ref: str, owner: str = "") -> Order:
        """Return an order by id or number that `owner` may see; raise NotFound."""
        if not is_clean(ref):
            raise NotFound("ORDER_NOT_FOUND", order="")
        async with self._database.read() as connection:
            row = (await connection.execute(rows.find_by(ref), rows.ref_params(ref))).one_or_none()
            if row is None:
                raise NotFound("ORDER_NOT_FOUND", order=ref[:64])
            lines = (await connection.execute(rows.LINES, {"ids": [row.id]})).all()
        order = rows.order_of(row, lines)
        if not order.is_seen_by(owner):
            raise NotFound("ORDER_NOT_FOUND", order=ref[:64])
        return order

    async def orders(self, wanted: OrderFilter, limit: int) -> list[Order]:
        """Return the orders of a filter with their lines, as sorted."""
        if not is_clean("".join((wanted.state, wanted.urgency, wanted.channel, wanted.q))):
            return []
        params = _params(wanted)
        if params is None:
            return []
        order, after = SORTS[wanted.sort]
        narrowed = [_FILTERS[name] for name in _FILTERS if getattr(wanted, name)] + ([after] if wanted.after else [])
        query = text(f"{rows.SELECT_HEADER} WHERE {' AND '.join(narrowed) or 'true'} ORDER BY {order} LIMIT :limit")
        async with self._database.read() as connection:
            headers = (await connection.execute(query, {**params, "limit": limit})).all()
            lines = (await connection.execute(rows.LINES, {"ids": [row.id for row in headers]})).all()
        return rows.joined(headers, lines)

    async def standings(self, numbers: Collection[str]) -> dict[str, tuple[str, datetime]]:
        """Return state and last change of the orders that exist, by number."""
        wanted = [number for number in numbers if is_clean(number)]
        async with self._database.read() as connection:
            found = await connection.execute(_STANDINGS, {"numbers": wanted})
            return {row.number: (row.state, row.updated_at) for row in found}

    async def seen(self, numbers: Collection[str], attachment: str, owner: str) -> list[str]:
        """Return which of these orders, and of those a file is attached to, `owner` may see."""
        wanted = [number for number in numbers if is_clean(number)]
        attachments = [attachment] if attachment and is_clean(attachment) else []
        async with self._database.read() as connection:
            params = {"numbers": wanted, "attachments": attachments, "owner": owner}
            return list((await connection.execute(_SEEN, params)).scalars())

    async def shipments(self, order_id: UUID) -> list[Shipment]:
        """Return the shipments of an order, with this order's lines only."""
        async with self._database.read() as connection:
            numbers = list((await connection.execute(_SHIPMENTS_OF, {"id": order_id})).scalars())
            return shipments_of(await connection.execute(SHIPMENTS, {"numbers": numbers}))

    async def timeline(self, order_id: UUID) -> list[TimelineEntry]:
        """Return what happened to an order, oldest first."""
        async with self._database.read() as connection:
            found = await connection.execute(_TIMELINE, {"id": order_id})
            return [TimelineEntry(row.at, row.actor, row.what, row.params) for row in found]

    async def moments(self, order_id: UUID) -> tuple[dict[str, datetime], Waiting, Sequence[Row]]:
        """Return the stage events recorded of an order, its wait for material, and what came and left."""
        async with self._database.read() as connection:
            row = (await connection.execute(_MILESTONES, {"id": order_id})).one_or_none()
            waiting = (await connection.execute(_WAITING, {"id": order_id})).one()
            moved = (await connection.execute(MOVED, {"ids": [order_id]})).all()
        known = {} if row is None else {name: at for name, at in row.items() if at is not None}
        return known, Waiting(waiting.raised, waiting.cleared, waiting.open_now), moved


def _params(wanted: OrderFilter) -> dict[str, Any] | None:
    """Return the parameters of a filter; None when it can match nothing."""
    params: dict[str, Any] = {
        name: getattr(wanted, name) for name in ("state", "urgency", "channel", "due_before", "owner", "after", "after_due")
        if getattr(wanted, name)
    }  # fmt: skip
    if wanted.customer_id:
        params["customer_id"] = rows.read_id(wanted.customer_id)
        if params["customer_id"] is None:
            return None
    if wanted.q:
        q = wanted.q.strip()[:100]
        start = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        params |= {
            "q": q, "start": start, "number_start": start.upper(), "lower": q.lower(), "phone": normalise(q) or "",
        }  # fmt: skip
    return params
