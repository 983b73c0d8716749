"""Queries: named SQL, keyset pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from orderhub.common.v1 import common_pb2

from chassis import page_token
from chassis.database import Database
from chassis.sql import Row, Statement, text
from inventory_service.adapters.executor import Executor
from inventory_service.domain.entry import findable
from inventory_service.domain.quantity import BadQuantity, representable, spoken

DEFAULT_PAGE, MAX_PAGE = 50, 200
NEWEST = 2**63 - 1
MAX_LISTED = 1000

_STOCK_COLUMNS = """coalesce(i.item_code, s.item_code) AS item_code, coalesce(i.name, '') AS name, coalesce(i.unit, '') AS unit,
       coalesce(s.on_hand, 0) AS on_hand, coalesce(s.reserved, 0) AS reserved, coalesce(s.quarantined, 0) AS quarantined,
       coalesce(s.safety_stock, i.safety_stock, 0) AS safety_stock"""
# What waits and what is due stand beside a balance when people look at it, not when a plan asks what is free.
_AHEAD = """,
       coalesce((SELECT sum(r.need - r.got) FROM reservation_line r
                 WHERE r.item_code = {code} AND r.is_open AND r.got < r.need), 0) AS waiting,
       coalesce((SELECT sum(e.quantity - e.received) FROM expected_receipt e
                 WHERE e.item_code = {code} AND NOT e.cancelled AND e.received < e.quantity), 0) AS expected"""
_ON_HAND = "coalesce(s.on_hand, 0)"
STOCK_VIEWS = {
    "": "true",
    "stocked": f"{_ON_HAND} > 0",
    "below_safety": f"{_ON_HAND} < coalesce(s.safety_stock, i.safety_stock, 0)",
    "short": "EXISTS (SELECT 1 FROM reservation_line r WHERE r.item_code = i.item_code AND r.is_open AND r.got < r.need)",
}
_STOCK_OF = text(f"""
SELECT {_STOCK_COLUMNS} FROM unnest(CAST(:codes AS text[])) AS t (code)
LEFT JOIN item_copy i ON i.item_code = t.code LEFT JOIN stock s ON s.item_code = t.code
WHERE i.item_code IS NOT NULL OR s.item_code IS NOT NULL ORDER BY t.code
""")  # noqa: S608  constants
# What planning asks for before every plan, as the text it travels as: six hundred items in a millisecond.
_ALLOCATABLE = text("""
SELECT t.code AS item_code, CAST(trim_scale(greatest(0,
  coalesce(s.on_hand - s.reserved - s.quarantined, 0) + coalesce(h.held, 0) - coalesce(s.safety_stock, i.safety_stock, 0)
)) AS text) AS allocatable
FROM unnest(CAST(:codes AS text[])) AS t (code)
LEFT JOIN item_copy i ON i.item_code = t.code LEFT JOIN stock s ON s.item_code = t.code
LEFT JOIN (
  SELECT item_code, sum(got - issued) AS held FROM reservation_line
  WHERE order_number IN (SELECT CAST(:order AS text) UNION SELECT number FROM order_copy WHERE id = :order AND id <> '')
    AND expires_at IS NOT NULL AND is_open GROUP BY item_code
) h ON h.item_code = t.code
WHERE i.item_code IS NOT NULL OR s.item_code IS NOT NULL
""")
_SOFT = text("""
SELECT order_number, item_code, sum(got - issued) AS held FROM reservation_line
WHERE order_number = ANY (CAST(:orders AS text[])) AND expires_at IS NOT NULL AND is_open GROUP BY order_number, item_code
""")
_STOCK_WITH_AHEAD = text(f"""
SELECT {_STOCK_COLUMNS}{_AHEAD.format(code="t.code")} FROM unnest(CAST(:codes AS text[])) AS t (code)
LEFT JOIN item_copy i ON i.item_code = t.code LEFT JOIN stock s ON s.item_code = t.code
WHERE i.item_code IS NOT NULL OR s.item_code IS NOT NULL ORDER BY t.code
""")  # noqa: S608  constants
_STOCK_PAGES = {
    view: text(f"""
SELECT {_STOCK_COLUMNS}{_AHEAD.format(code="i.item_code")} FROM item_copy i LEFT JOIN stock s ON s.item_code = i.item_code
WHERE i.item_code > :after AND {where} AND (:q = '' OR strpos(lower(i.item_code || ' ' || i.name), lower(:q)) > 0)
ORDER BY i.item_code LIMIT :size
""")  # noqa: S608  constants
    for view, where in STOCK_VIEWS.items()
}
# On hand after a movement is what is on hand now less everything newer. Pages behind the first carry on from their token.
_LEDGER = text("""
SELECT m.id, m.movement_id, m.kind, m.quantity, coalesce(i.unit, '') AS unit, m.ref, m.actor, m.at, m.reason,
       coalesce(CAST(:start AS numeric), s.on_hand, 0)
         - coalesce(sum(m.quantity) OVER (ORDER BY m.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS balance
FROM (
  SELECT id, movement_id, item_code, kind, quantity, ref, actor, at, reason FROM stock_movement
  WHERE item_code = :item AND id < :before ORDER BY id DESC LIMIT :size
) m LEFT JOIN item_copy i USING (item_code) LEFT JOIN stock s USING (item_code)
ORDER BY m.id DESC
""")
_RESERVATIONS = """
SELECT r.order_number, r.production_order_number, r.line_no, r.item_code, r.need, r.got, r.issued, r.unit, r.urgency,
       r.due_date, r.is_open
FROM reservation_line r WHERE {where}
ORDER BY r.planner_rank, r.urgency, r.due_date, r.seq LIMIT :size
"""
# One statement per way of asking, so that each has its index.
_RESERVATIONS_BY = {
    name: text(_RESERVATIONS.format(where=where))
    for name, where in {
        "production_order": "r.production_order_number = :production_order AND (:order = '' OR r.order_number = :order)"
        " AND (:item = '' OR r.item_code = :item)",
        "order": "r.order_number = :order AND (:item = '' OR r.item_code = :item)",
        "item": "r.item_code = :item AND r.is_open AND (r.got > r.issued OR r.got < r.need)",
    }.items()
}
_RECEIPTS = """
SELECT r.seq, r.id, r.number, r.production_order_number, r.order_number, r.line_no, r.item_code, r.quantity, r.unit,
       r.received_total, r.actor, r.received_at
FROM receipt r WHERE r.seq < :before {where} ORDER BY r.seq DESC LIMIT :size
"""
_RECEIPTS_BY = {
    name: text(_RECEIPTS.format(where=where))
    for name, where in {
        "production_order": "AND r.production_order_number = :production_order",
        "order": "AND r.order_number = :order",
        "all": "",
    }.items()
}
_SHIPMENT_COLUMNS = "s.seq, s.id, s.number, s.carrier, s.tracking_numbers, s.actor, s.shipped_at, s.version"
_SHIPMENT = text(f"SELECT {_SHIPMENT_COLUMNS} FROM shipment s WHERE s.number = :name OR CAST(s.id AS text) = :name")  # noqa: S608
_SHIPMENTS = text(f"SELECT {_SHIPMENT_COLUMNS} FROM shipment s WHERE s.seq < :before ORDER BY s.seq DESC LIMIT :size")  # noqa: S608
_SHIPMENTS_OF_ORDER = text(f"""
SELECT {_SHIPMENT_COLUMNS} FROM shipment s
WHERE s.seq < :before AND s.seq IN (SELECT shipment_seq FROM shipment_line WHERE order_number = :order)
ORDER BY s.seq DESC LIMIT :size
""")  # noqa: S608  constants
_SHIPMENT_LINES = text("""
SELECT shipment_seq, order_number, line_no, item_code, quantity, unit FROM shipment_line
WHERE shipment_seq = ANY (CAST(:seqs AS bigint[])) ORDER BY shipment_seq, position
""")
_ORDER_NUMBER = text("SELECT number FROM order_copy WHERE number = :name OR (id = :name AND id <> '')")


class Views:
    """Answers queries from what is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stock_of(self, codes: Collection[str]) -> list[Row]:
        """Return balances of known items."""
        return await self.rows(_STOCK_OF, codes=[code for code in codes if findable(code)])

    async def allocatable(self, codes: Collection[str], order: str) -> dict[str, str]:
        """Return what each known item may still give, and to `order` (an id or number) what it holds softly itself."""
        asked = {"codes": [code for code in codes if findable(code)], "order": order if findable(order) else ""}
        return {row[0]: row[1] for row in await self.rows(_ALLOCATABLE, **asked)}

    async def held_softly(self, order: str) -> dict[str, Decimal]:
        """Return what an order named by id or number holds as an intent."""
        number = await self.order_number(order) if order else ""
        return {row.item_code: row.held for row in await self.soft_holds([number])} if number else {}

    async def soft_holds(self, orders: Collection[str]) -> list[Row]:
        """Return what orders named by number hold as intents, by order and item."""
        return await self.rows(_SOFT, orders=[order for order in orders if findable(order)]) if orders else []

    async def stock_shown(self, codes: Collection[str]) -> list[Row]:
        """Return balances of known items with what waits for them and what is expected."""
        return await self.rows(_STOCK_WITH_AHEAD, codes=[code for code in codes if findable(code)])

    async def stock_page(self, page: common_pb2.PageRequest, q: str, view: str) -> tuple[list[Row], str]:
        size = page_size(page)
        (after,) = page_token.read("stock", page.page_token, page_token.text, first=("",))
        q = q.strip()[:100].replace("\x00", "")
        rows = await self.rows(_STOCK_PAGES[view], after=after, size=size + 1, q=q)
        return rows[:size], page_token.write("stock", rows[size - 1].item_code) if len(rows) > size else ""

    async def ledger(self, item: str, page: common_pb2.PageRequest) -> tuple[list[Row], str]:
        size = page_size(page)
        at, start = ledger_place(page)
        rows = await self.rows(_LEDGER, item=item, before=at, start=start, size=size + 1)
        token = page_token.write("ledger", rows[size - 1].id, rows[size].balance) if len(rows) > size else ""
        return rows[:size], token

    async def reservations(self, *, item: str, order: str, production_order: str) -> list[Row]:
        by = "production_order" if production_order else "order" if order else "item"
        names = {"item": item, "order": await self.order_number(order), "production_order": production_order}
        if not all(findable(name) or not name for name in names.values()):
            return []
        used = {name: value for name, value in names.items() if f":{name}" in str(_RESERVATIONS_BY[by])}
        return await self.rows(_RESERVATIONS_BY[by], **used, size=MAX_LISTED)

    async def receipts(
        self, page: common_pb2.PageRequest, *, order: str, production_order: str
    ) -> tuple[list[Row], str]:
        size, start = page_size(page), before("receipts", page)
        by = "production_order" if production_order else "order" if order else "all"
        names = {
            "order": {"order": await self.order_number(order)},
            "production_order": {"production_order": production_order},
        }
        if not all(findable(name) for name in names.get(by, {}).values()):
            return [], ""
        rows = await self.rows(_RECEIPTS_BY[by], before=start, size=size + 1, **names.get(by, {}))
        return rows[:size], page_token.write("receipts", rows[size - 1].seq) if len(rows) > size else ""

    async def shipment(self, name: str) -> list[tuple[Row, list[Row]]]:
        return await self._with_lines(await self.rows(_SHIPMENT, name=name) if findable(name) else [])

    async def shipments(self, page: common_pb2.PageRequest, order: str) -> tuple[list[tuple[Row, list[Row]]], str]:
        size, start = page_size(page), before("shipments", page)
        if order:
            number = await self.order_number(order)
            rows = await self.rows(_SHIPMENTS_OF_ORDER, order=number, before=start, size=size + 1) if number else []
        else:
            rows = await self.rows(_SHIPMENTS, before=start, size=size + 1)
        return await self._with_lines(rows[:size]), page_token.write("shipments", rows[size - 1].seq) if len(
            rows
        ) > size else ""

    async def order_number(self, name: str) -> str:
        """Return the number of an order named by id or number; the name itself when nobody told about it."""
        if not findable(name):
            return ""
        rows = await self.rows(_ORDER_NUMBER, name=name)
        return str(rows[0].number) if rows else name

    async def _with_lines(self, rows: Sequence[Row]) -> list[tuple[Row, list[Row]]]:
        lines = await self.rows(_SHIPMENT_LINES, seqs=[row.seq for row in rows]) if rows else []
        return [(row, [line for line in lines if line.shipment_seq == row.seq]) for row in rows]

    async def rows(self, statement: Statement, **params: Any) -> list[Row]:
        """Return what a query finds."""
        async with self._database.read() as connection:
            return list(await connection.execute(statement, params))


async def stock_left(executor: Executor, codes: Sequence[str]) -> list[Row]:
    """Return balances as a running transaction has left them, with what waits and what is expected."""
    return list(await executor.execute(_STOCK_WITH_AHEAD, {"codes": codes}))


def page_size(page: common_pb2.PageRequest) -> int:
    """Return how many rows a page has."""
    return min(MAX_PAGE, page.page_size) if page.page_size > 0 else DEFAULT_PAGE


def ledger_place(page: common_pb2.PageRequest) -> tuple[int, Decimal | None]:
    """Return below which movement a page of the ledger starts, and what was on hand then; None: what is on hand now."""
    at, balance = page_token.read("ledger", page.page_token, page_token.number, _balance, first=(NEWEST, None))
    return at, balance


def before(kind: str, page: common_pb2.PageRequest) -> int:
    """Return the key below which the page starts."""
    (key,) = page_token.read(kind, page.page_token, page_token.number, first=(NEWEST,))
    return int(key)


def _balance(said: str) -> Decimal:
    try:
        return representable(spoken(said))
    except BadQuantity as error:
        raise ValueError(said) from error
