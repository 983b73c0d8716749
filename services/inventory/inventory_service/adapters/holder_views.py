"""Who holds items, the last in rank first: asked before a rush and to explain a shortage (S43; contract 4, stock held)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from chassis.sql import Row, text
from inventory_service.adapters.views import Views
from inventory_service.domain.entry import findable

MOST_OF_AN_ITEM = 200
# Reads reservation_line_held. An item's holders end where what they hold together is enough.
_HOLDERS = text("""
SELECT order_number, production_order_number, line_no, item_code, need, got, issued, unit, urgency, due_date, is_open
FROM (
  SELECT r.*, t.enough, row_number() OVER last AS place, sum(r.got - r.issued) OVER last - (r.got - r.issued) AS before
  FROM unnest(CAST(:codes AS text[]), CAST(:quantities AS numeric[])) AS t (code, enough)
  JOIN reservation_line r ON r.item_code = t.code
  WHERE r.got > r.issued
    AND (:order = '' OR r.order_number <> :order AND (r.urgency, r.due_date) > (CAST(:urgency AS int), CAST(:due AS date)))
  WINDOW last AS (PARTITION BY r.item_code ORDER BY r.urgency DESC, r.due_date DESC, r.order_number DESC,
    r.production_order_number DESC, r.line_no DESC ROWS UNBOUNDED PRECEDING)
) held
WHERE CASE WHEN enough IS NULL THEN place <= :most ELSE before < enough END
ORDER BY item_code, place
""")


@dataclass(frozen=True, slots=True)
class Ahead:
    """The order holders must be behind."""

    order: str = ""
    urgency: int = 0
    due: date = date.max


async def holders(views: Views, wanted: Mapping[str, Decimal | None], ahead: Ahead) -> list[Row]:
    """Return the holders of items, by item; None: the last 200 of it."""
    asked = {code: enough for code, enough in wanted.items() if findable(code)}
    if not asked or (ahead.order and not findable(ahead.order)):
        return []
    return await views.rows(
        _HOLDERS,
        codes=list(asked),
        quantities=list(asked.values()),
        order=ahead.order,
        urgency=ahead.urgency,
        due=ahead.due,
        most=MOST_OF_AN_ITEM,
    )
