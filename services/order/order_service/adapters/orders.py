"""Orders in Postgres: loaded whole and locked, stored set by set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.sql import text
from order_service.adapters import order_rows as rows
from order_service.adapters.messages import tell
from order_service.domain.errors import Conflict, NotFound
from order_service.domain.events import Event
from order_service.domain.order import Order
from order_service.domain.quantity import plain
from order_service.domain.stages import EARLIEST_COUNTS, MOMENTS
from order_service.domain.texts import is_clean

DUPLICATE_HOURS = 48

# One entry at a time of the same wish, so that two at the same moment see each other. The customer stays as it is
# meanwhile, so that no merge leaves this order behind: it waits for a merge under way, or the merge for it.
_NUMBER = text("""
SELECT nextval('order_number') AS n, pg_advisory_xact_lock(hashtextextended(:key, 4712)),
       (SELECT merged_into FROM customer WHERE id = :customer_id FOR SHARE) AS merged_into
""")
_WISH = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 4712))")
# Two queries, so that each has its index; one with OR reads every order of the customer.
_TWIN_BY_SOURCE = text("""
SELECT number, sales_owner, channel FROM customer_order
WHERE customer_id = :customer_id AND source_ref = :source_ref AND source_ref <> '' AND cancelled_at IS NULL AND id <> :id
ORDER BY (channel = :channel) DESC, id LIMIT 1
""")
_TWIN_BY_CONTENT = text("""
SELECT number, sales_owner, channel FROM customer_order
WHERE customer_id = :customer_id AND content_hash = :content_hash AND created_at > :since AND cancelled_at IS NULL
  AND id <> :id
ORDER BY id LIMIT 1
""")
_ENTRIES = """
INSERT INTO timeline (order_id, at, actor, what, params)
SELECT :order_id, :at, :actor, what, CAST(params AS jsonb)
FROM unnest(CAST(:whats AS text[]), CAST(:params AS text[])) WITH ORDINALITY AS t (what, params, n) ORDER BY n
"""
_TIMELINE = text(_ENTRIES)
_NOTE = text("""
WITH changed AS (UPDATE customer_order SET updated_at = :at WHERE number = :number RETURNING id), noted AS (
  INSERT INTO timeline (order_id, at, actor, what, params)
  SELECT id, :at, :actor, :what, CAST(:params AS jsonb) FROM changed
) SELECT id FROM changed
""")


def _merge(column: str) -> str:
    pick = "LEAST" if column in EARLIEST_COUNTS else "GREATEST"
    return f"{column} = {pick}(order_milestones.{column}, EXCLUDED.{column})"


_FIRST_MILESTONES = f"""
INSERT INTO order_milestones (order_id, {", ".join(MOMENTS)})
VALUES (:order_id, {", ".join(f"CAST(:{moment} AS timestamptz)" for moment in MOMENTS)})
"""  # noqa: S608  constants
_MILESTONES = text(
    f"{_FIRST_MILESTONES} ON CONFLICT (order_id) DO UPDATE SET {', '.join(_merge(moment) for moment in MOMENTS)}"
)
ADD = text(f"""
WITH header AS ({rows.INSERT_HEADER}), lines AS ({rows.INSERT_LINES}), milestones AS ({_FIRST_MILESTONES}) {_ENTRIES}
""")


class OrderRepository:
    """Orders of one transaction."""

    def __init__(self, unit: Transaction, owner: str = "") -> None:
        self._unit = unit
        self._owner = owner  # only this salesperson's orders are there; empty: all
        self._seen: dict[UUID, tuple[dict[str, Any], dict[str, Any]]] = {}

    async def get(self, ref: str) -> Order:
        """Return the order by id or number, locked; raise NotFound."""
        if not is_clean(ref):
            raise NotFound("ORDER_NOT_FOUND", order=ref[:64].replace("\x00", ""))
        row = (await self._unit.execute(rows.lock_by(ref), rows.ref_params(ref))).one_or_none()
        if row is None:
            raise NotFound("ORDER_NOT_FOUND", order=ref[:64])
        lines = (await self._unit.execute(rows.LINES, {"ids": [row.id]})).all()
        order = rows.order_of(row, lines)
        if not order.is_seen_by(self._owner):
            raise NotFound("ORDER_NOT_FOUND", order=ref[:64])
        self._seen[order.id] = _content(order)
        return order

    async def next_number(self, customer_id: UUID, entry_key: str) -> tuple[str, UUID]:
        """Return the next number of the sequence, and the customer or who absorbed it; hold entries of the same wish."""
        values = {"key": f"{customer_id}|{entry_key}", "customer_id": customer_id}
        found = (await self._unit.execute(_NUMBER, values)).one()
        if found.merged_into is not None:
            return await self.next_number(found.merged_into, entry_key)
        return f"{found.n:04d}", customer_id

    async def hold_wish(self, customer_id: UUID, entry_key: str) -> None:
        """Hold other entries of the same wish until this transaction ends."""
        await self._unit.execute(_WISH, {"key": f"{customer_id}|{entry_key}"})

    async def twin_of(self, order: Order) -> tuple[str, str] | None:
        """Return number and sales owner of the order this one may repeat; raise Conflict when it surely does (X5-X7)."""
        params: dict[str, Any] = {"customer_id": order.customer_id, "id": order.id}
        if order.source_ref:
            found = await self._unit.execute(
                _TWIN_BY_SOURCE, {**params, "source_ref": order.source_ref, "channel": order.channel}
            )
        else:
            since = order.created_at - timedelta(hours=DUPLICATE_HOURS)
            found = await self._unit.execute(
                _TWIN_BY_CONTENT, {**params, "content_hash": order.content_hash, "since": since}
            )
        twin = found.one_or_none()
        if twin is None:
            return None
        if order.source_ref and twin.channel == order.channel:
            raise Conflict("DUPLICATE_SOURCE_REF", order_number=twin.number, source_ref=order.source_ref)
        return twin.number, twin.sales_owner

    async def add(self, order: Order) -> None:
        """Store a new order: header, lines, milestones and timeline in one statement."""
        await self._unit.execute(ADD, new_values(order, timeline_params(order, self._unit)))
        order.milestones = {}
        await self._finish(order)

    async def save(self, order: Order) -> None:
        """Store what changed; the version rises when people would see another order."""
        if self._seen.get(order.id) != _content(order):
            order.version += 1
        order.updated_at = self._unit.now
        await self._unit.execute(rows.UPDATE, rows.header_params(order))
        await self._store_parts(order)

    async def note(self, number: str, what: str, words: Mapping[str, str], moments: Mapping[str, datetime]) -> UUID:
        """Note what happened to an order's goods without loading it: the floor reports often. Raise NotFound."""
        params = {
            "number": number, "at": self._unit.now, "actor": self._unit.actor, "what": what,
            "params": json.dumps(dict(words), ensure_ascii=False),
        }  # fmt: skip
        order_id: UUID | None = (await self._unit.execute(_NOTE, params)).scalar()
        if order_id is None:
            raise NotFound("ORDER_NOT_FOUND", order=number[:64])
        await self._mark(order_id, moments)
        return order_id

    async def _store_parts(self, order: Order) -> None:
        await self._unit.execute(rows.STORE_LINES, rows.line_params(order))
        if order.events or order.notes:
            await self._unit.execute(_TIMELINE, {"order_id": order.id, **timeline_params(order, self._unit)})
        await self._finish(order)

    async def _finish(self, order: Order) -> None:
        await self._mark(order.id, order.milestones)
        for event in order.events:
            tell(self._unit, order, event)
        order.events, order.notes, order.milestones = [], [], {}

    async def _mark(self, order_id: UUID, moments: Mapping[str, datetime]) -> None:
        if moments:
            values = {moment: moments.get(moment) for moment in MOMENTS}
            await self._unit.execute(_MILESTONES, {"order_id": order_id, **values})


def timeline_params(order: Order, unit: Transaction) -> dict[str, Any]:
    """Return what the timeline says of an order's notes and events."""
    entries = [*order.notes, *((type(event).__name__, _texts(event)) for event in order.events)]
    return {
        "at": unit.now, "actor": unit.actor, "whats": [what for what, _ in entries],
        "params": [json.dumps(params, ensure_ascii=False) for _, params in entries],
    }  # fmt: skip


def new_values(order: Order, timeline: Mapping[str, Any]) -> dict[str, Any]:
    """Return every value ADD stores."""
    moments = {moment: order.milestones.get(moment) for moment in MOMENTS}
    return {**rows.header_params(order), **rows.line_params(order), **moments, **timeline}


def _content(order: Order) -> tuple[dict[str, Any], dict[str, Any]]:
    return rows.header_params(order) | {"version": 0, "updated_at": None}, rows.line_params(order)


def _texts(event: Event) -> dict[str, str]:
    """Return an event's own fields as texts for the timeline."""
    return {name: _text(value) for name, value in asdict(event).items()}


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{line_no}: {plain(quantity)}" for line_no, quantity in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)
