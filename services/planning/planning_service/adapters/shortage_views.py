"""Everything that is short, by item, and who waits for it: set-based, two statements a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from chassis.sql import text
from planning_service.adapters.catalogue_cache import Reader
from planning_service.adapters.order_copies import weight_of

WAITING_SHOWN = 50
# Demands of production orders that have ended, and of orders that were cancelled, wait for nothing any more.
_OPEN = """
FROM component c LEFT JOIN production_order p ON p.number = c.production_order_number
LEFT JOIN order_copy k ON k.order_number = c.order_number
WHERE c.short > 0 AND (c.production_order_number = '' OR p.live) AND coalesce(k.state, '') NOT IN ('cancelled', 'closed_short')
"""
_DUE = "coalesce(p.due_date, c.due_date)"
_BY_ITEM = text(f"""
SELECT * FROM (
  SELECT c.item_code, max(c.item_name) AS item_name, max(c.unit) AS unit, sum(c.short) AS short, min({_DUE}) AS needed_by,
         count(*) AS waiting
  {_OPEN} AND (:item = '' OR c.item_code = :item) GROUP BY c.item_code) s
WHERE (s.needed_by, s.item_code) > (:after_day, :after_item) ORDER BY s.needed_by, s.item_code LIMIT :size
""")  # noqa: S608  constants
_WAITING = text(f"""
SELECT * FROM (
  SELECT c.item_code, c.order_number, c.production_order_number, c.line_no, c.short, {_DUE} AS due_date,
         coalesce(p.urgency, k.urgency, 'green') AS urgency, coalesce(k.customer_name, '') AS customer_name,
         row_number() OVER (PARTITION BY c.item_code
           ORDER BY p.planner_rank NULLS LAST, {weight_of("coalesce(p.urgency, k.urgency)")}, {_DUE},
                    c.order_number, c.production_order_number, c.line_no) AS place
  {_OPEN} AND c.item_code = ANY (CAST(:items AS text[]))) w
WHERE w.place <= :shown ORDER BY w.item_code, w.place
""")  # noqa: S608  constants


async def short_items(reader: Reader, item: str, after: tuple[date, str], size: int) -> list[Any]:
    """Return what is short, the earliest needed first."""
    values = {"item": item, "after_day": after[0], "after_item": after[1], "size": size}
    return list(await reader.execute(_BY_ITEM, values))


async def waiting_for(reader: Reader, items: Sequence[str]) -> dict[str, list[Any]]:
    """Return who waits for each item, the most pressing first."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in await reader.execute(_WAITING, {"items": list(items), "shown": WAITING_SHOWN}):
        found[row.item_code].append(row)
    return found
