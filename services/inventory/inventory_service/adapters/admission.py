"""New lines and their share of what is free, in one statement: the hot path of reservations (reliability.md 4.2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from inventory_service.domain.reservation import Claim, Line

# New lines and their share in one statement: under the lock nothing is free beside an open shortage, so what is free now
# goes to the new lines alone, most pressing first. Safety stock is left alone (X28).
# What the lines of one demand share travels once.
ADMIT = """
WITH demand AS (
  SELECT * FROM unnest(
    CAST(:production_orders AS text[]), CAST(:orders AS text[]), CAST(:ranks AS int[]), CAST(:urgencies AS smallint[]),
    CAST(:dues AS date[]), CAST(:traces AS text[]))
  WITH ORDINALITY AS d (production_order_number, order_number, planner_rank, urgency, due_date, traceparent, owner)
),
t AS (
  SELECT d.*, l.line_no, l.item_code, l.unit, l.need, l.place
  FROM unnest(CAST(:owners AS int[]), CAST(:line_nos AS int[]), CAST(:items AS text[]), CAST(:units AS text[]),
              CAST(:needs AS numeric[])) WITH ORDINALITY AS l (owner, line_no, item_code, unit, need, place)
  JOIN demand d USING (owner)
),
free AS (
  SELECT item_code, greatest(0, on_hand - reserved - quarantined - safety_stock) AS a FROM stock
  WHERE item_code = ANY (CAST(:items AS text[]))
),
alloc AS (
  SELECT t.*, greatest(0, least(t.need, coalesce(free.a, 0) - (sum(t.need) OVER w - t.need))) AS share
  FROM t LEFT JOIN free USING (item_code)
  WINDOW w AS (PARTITION BY t.item_code ORDER BY t.planner_rank, t.urgency, t.due_date, t.place ROWS UNBOUNDED PRECEDING)
),
put AS (
  INSERT INTO reservation_line (production_order_number, order_number, line_no, item_code, unit, need, got, issued,
                                planner_rank, urgency, due_date, is_open, asked, traceparent)
  SELECT production_order_number, order_number, line_no, item_code, unit, need, share, 0,
         planner_rank, urgency, due_date, true, true, traceparent FROM alloc ORDER BY place
),
taken AS (
  UPDATE stock s SET reserved = s.reserved + g.share
  FROM (SELECT item_code, sum(share) AS share FROM alloc GROUP BY item_code) g
  WHERE s.item_code = g.item_code AND g.share > 0
)
SELECT place, share FROM alloc WHERE share < need
"""


def asked_columns(lines: Sequence[Line]) -> dict[str, list[Any]]:
    """Return the columns of lines nobody has seen yet: what they share by demand, the rest by line."""
    demands: dict[tuple[str, str, Claim, str], int] = {}
    owners = [
        demands.setdefault((line.key.production_order, line.key.order, line.claim, line.traceparent), len(demands) + 1)
        for line in lines
    ]
    return {
        **claim_columns([demand[2] for demand in demands]), "traces": [demand[3] for demand in demands],
        "production_orders": [demand[0] for demand in demands], "orders": [demand[1] for demand in demands],
        "owners": owners, "line_nos": [line.key.line_no for line in lines], "items": [line.key.item for line in lines],
        "units": [line.unit for line in lines], "needs": [line.need for line in lines],
    }  # fmt: skip


def claim_columns(claims: Collection[Claim]) -> dict[str, list[Any]]:
    """Return the columns of what decides who comes first."""
    return {
        "ranks": [claim.rank for claim in claims], "urgencies": [claim.urgency for claim in claims],
        "dues": [claim.due for claim in claims],
    }  # fmt: skip
