"""Reservation lines in SQL: set-based, under the lock of their items' balances (reliability.md 4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from chassis.sql import Row, text
from inventory_service.adapters.admission import ADMIT, asked_columns, claim_columns
from inventory_service.adapters.executor import Executor
from inventory_service.domain.reservation import Claim, Demand, Line, LineKey

_COLUMNS = """r.production_order_number, r.order_number, r.line_no, r.item_code, r.unit, r.need, r.got, r.issued,
       r.planner_rank, r.urgency, r.due_date, r.is_open, r.asked, r.traceparent, r.expires_at, r.revision"""
_OF_DEMANDS = text(f"""
SELECT {_COLUMNS} FROM reservation_line r
WHERE (r.production_order_number, r.order_number) IN (
  SELECT * FROM unnest(CAST(:production_orders AS text[]), CAST(:orders AS text[])))
ORDER BY r.production_order_number, r.order_number, r.line_no, r.item_code
""")  # noqa: S608  a constant
_OF_ORDERS = text(f"""
SELECT {_COLUMNS} FROM reservation_line r WHERE r.order_number = ANY (CAST(:orders AS text[]))
ORDER BY r.production_order_number, r.order_number, r.line_no, r.item_code
""")  # noqa: S608  a constant
_HOLDERS = text(f"""
SELECT {_COLUMNS} FROM reservation_line r WHERE r.item_code = ANY (CAST(:items AS text[])) AND r.got > r.issued
ORDER BY r.planner_rank DESC, r.urgency DESC, r.due_date DESC, r.seq DESC
""")  # noqa: S608  a constant
_EXPIRED = text("""
SELECT DISTINCT order_number FROM reservation_line WHERE expires_at <= :now AND is_open ORDER BY 1 LIMIT 100
""")

_GIVEN = """  SELECT * FROM unnest(
    CAST(:production_orders AS text[]), CAST(:orders AS text[]), CAST(:line_nos AS int[]), CAST(:items AS text[]),
    CAST(:units AS text[]), CAST(:needs AS numeric[]), CAST(:gots AS numeric[]), CAST(:issueds AS numeric[]),
    CAST(:ranks AS int[]), CAST(:urgencies AS smallint[]), CAST(:dues AS date[]), CAST(:opens AS boolean[]),
    CAST(:askeds AS boolean[]), CAST(:traces AS text[]), CAST(:expiries AS timestamptz[]), CAST(:revisions AS int[]),
    CAST(:places AS int[]))
  AS t (production_order_number, order_number, line_no, item_code, unit, need, got, issued,
        planner_rank, urgency, due_date, is_open, asked, traceparent, expires_at, revision, place)"""

# What the lines hold and what the balances say is reserved change in the same statement.
_SAVE = text(f"""
WITH t AS (
{_GIVEN}),
before AS (
  SELECT r.item_code, sum(r.got - r.issued) AS held
  FROM reservation_line r JOIN t USING (production_order_number, order_number, line_no, item_code) GROUP BY r.item_code
),
after AS (SELECT item_code, sum(got - issued) AS held FROM t GROUP BY item_code),
put AS (
  INSERT INTO reservation_line (production_order_number, order_number, line_no, item_code, unit, need, got, issued,
                                planner_rank, urgency, due_date, is_open, asked, traceparent, expires_at, revision)
  SELECT production_order_number, order_number, line_no, item_code, unit, need, got, issued,
         planner_rank, urgency, due_date, is_open, asked, traceparent, expires_at, revision FROM t ORDER BY place
  ON CONFLICT (production_order_number, order_number, line_no, item_code) DO UPDATE
  SET need = EXCLUDED.need, got = EXCLUDED.got, issued = EXCLUDED.issued, planner_rank = EXCLUDED.planner_rank,
      urgency = EXCLUDED.urgency, due_date = EXCLUDED.due_date, is_open = EXCLUDED.is_open, asked = EXCLUDED.asked,
      expires_at = EXCLUDED.expires_at, revision = greatest(EXCLUDED.revision, reservation_line.revision + 1)
)
UPDATE stock s SET reserved = s.reserved + after.held - coalesce(before.held, 0)
FROM after LEFT JOIN before USING (item_code)
WHERE s.item_code = after.item_code AND after.held <> coalesce(before.held, 0)
""")  # noqa: S608  constants
_RANK = text("""
UPDATE reservation_line r SET planner_rank = t.planner_rank, urgency = t.urgency, due_date = t.due_date
FROM unnest(CAST(:production_orders AS text[]), CAST(:orders AS text[]), CAST(:line_nos AS int[]), CAST(:items AS text[]),
            CAST(:ranks AS int[]), CAST(:urgencies AS smallint[]), CAST(:dues AS date[]))
     AS t (production_order_number, order_number, line_no, item_code, planner_rank, urgency, due_date)
WHERE (r.production_order_number, r.order_number, r.line_no, r.item_code)
    = (t.production_order_number, t.order_number, t.line_no, t.item_code)
""")

# Safety stock is left alone (X28). A running sum gives each hungry line its share, most pressing first.
REALLOCATE = """
WITH free AS (
  SELECT item_code, on_hand - reserved - quarantined - safety_stock AS a FROM stock
  WHERE item_code = ANY (CAST(:items AS text[])) AND on_hand - reserved - quarantined > safety_stock
),
hungry AS (
  SELECT r.production_order_number, r.order_number, r.line_no, r.item_code, r.need - r.got AS short, free.a,
         sum(r.need - r.got) OVER (PARTITION BY r.item_code ORDER BY r.planner_rank, r.urgency, r.due_date, r.seq
                                   ROWS UNBOUNDED PRECEDING) AS cum
  FROM reservation_line r JOIN free USING (item_code) WHERE r.is_open AND r.got < r.need
),
given AS (
  SELECT production_order_number, order_number, line_no, item_code, least(short, a - (cum - short)) AS give
  FROM hungry WHERE cum - short < a
),
fed AS (
  UPDATE reservation_line r SET got = r.got + g.give, revision = r.revision + 1 FROM given g
  WHERE (r.production_order_number, r.order_number, r.line_no, r.item_code)
      = (g.production_order_number, g.order_number, g.line_no, g.item_code)
),
taken AS (
  UPDATE stock s SET reserved = s.reserved + t.give
  FROM (SELECT item_code, sum(give) AS give FROM given GROUP BY item_code) t WHERE s.item_code = t.item_code
)
SELECT production_order_number, order_number, line_no, item_code FROM given
ORDER BY production_order_number, order_number, line_no, item_code
"""
_TRIM = text("""
WITH held AS (
  SELECT r.production_order_number, r.order_number, r.line_no, r.item_code, r.got - r.issued AS held,
         sum(r.got - r.issued) OVER (ORDER BY r.planner_rank DESC, r.urgency DESC, r.due_date DESC, r.seq DESC
                                     ROWS UNBOUNDED PRECEDING) AS cum
  FROM reservation_line r WHERE r.item_code = :item AND r.got > r.issued
),
lost AS (
  SELECT production_order_number, order_number, line_no, item_code, least(held, CAST(:excess AS numeric) - (cum - held)) AS take
  FROM held WHERE cum - held < CAST(:excess AS numeric)
),
cut AS (
  UPDATE reservation_line r SET got = r.got - l.take, revision = r.revision + 1 FROM lost l
  WHERE (r.production_order_number, r.order_number, r.line_no, r.item_code)
      = (l.production_order_number, l.order_number, l.line_no, l.item_code)
),
freed AS (
  UPDATE stock SET reserved = reserved - t.take FROM (SELECT sum(take) AS take FROM lost) t
  WHERE item_code = :item AND t.take > 0
)
SELECT production_order_number, order_number, line_no, item_code FROM lost
ORDER BY production_order_number, order_number, line_no, item_code
""")


class SqlReservations:
    """Reservation lines of one transaction. The SQL of allocation is a parameter for the tests' mutants."""

    def __init__(self, unit: Executor, reallocate_sql: str = REALLOCATE, admit_sql: str = ADMIT) -> None:
        self._unit = unit
        self._admit = text(admit_sql)
        self._reallocate = text(reallocate_sql)

    async def of_demands(self, demands: Collection[Demand]) -> list[Line]:
        columns = {"production_orders": [d.production_order for d in demands], "orders": [d.order for d in demands]}
        return [_line(row) for row in await self._unit.execute(_OF_DEMANDS, columns)] if demands else []

    async def of_orders(self, orders: Collection[str]) -> list[Line]:
        return [_line(row) for row in await self._unit.execute(_OF_ORDERS, {"orders": list(orders)})]

    async def holders(self, items: Collection[str]) -> list[Line]:
        return [_line(row) for row in await self._unit.execute(_HOLDERS, {"items": sorted(items)})]

    async def expired(self, now: datetime) -> list[str]:
        return list((await self._unit.execute(_EXPIRED, {"now": now})).scalars())

    async def save(self, lines: Sequence[Line]) -> None:
        if lines:
            await self._unit.execute(_SAVE, _columns(lines))

    async def admit(self, lines: Sequence[Line]) -> list[Line]:
        if not lines:
            return []
        short = {row.place: row.share for row in await self._unit.execute(self._admit, asked_columns(lines))}
        return [line.granted(short.get(place, line.need)) for place, line in enumerate(lines, 1)]

    async def rank(self, claims: Mapping[LineKey, Claim]) -> None:
        if claims:
            await self._unit.execute(_RANK, {**_keys(claims), **claim_columns(claims.values())})

    async def reallocate(self, items: Collection[str]) -> list[LineKey]:
        rows = await self._unit.execute(self._reallocate, {"items": sorted(items)})
        return [_key(row) for row in rows]

    async def trim(self, item: str, excess: Decimal) -> list[LineKey]:
        return [_key(row) for row in await self._unit.execute(_TRIM, {"item": item, "excess": excess})]


def _key(row: Row) -> LineKey:
    return LineKey(row.production_order_number, row.order_number, row.line_no, row.item_code)


def _line(row: Row) -> Line:
    claim = Claim(row.urgency, row.due_date, row.planner_rank)
    return Line(
        _key(row),
        row.unit,
        row.need,
        row.got,
        row.issued,
        claim,
        is_open=row.is_open,
        asked=row.asked,
        traceparent=row.traceparent,
        expires_at=row.expires_at,
        revision=row.revision,
    )


def _keys(keys: Collection[LineKey]) -> dict[str, list[Any]]:
    return {
        "production_orders": [key.production_order for key in keys], "orders": [key.order for key in keys],
        "line_nos": [key.line_no for key in keys], "items": [key.item for key in keys],
    }  # fmt: skip


def _columns(lines: Sequence[Line]) -> dict[str, list[Any]]:
    return {
        **_keys([line.key for line in lines]), **claim_columns([line.claim for line in lines]),
        "units": [line.unit for line in lines], "needs": [line.need for line in lines],
        "gots": [line.got for line in lines], "issueds": [line.issued for line in lines],
        "opens": [line.is_open for line in lines], "askeds": [line.asked for line in lines],
        "traces": [line.traceparent for line in lines], "expiries": [line.expires_at for line in lines],
        "revisions": [line.revision for line in lines],
        "places": list(range(len(lines))),
    }  # fmt: skip
