"""The nightly look at the books: what must be equal is compared and reported, never repaired by itself (reliability.md 4.5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from chassis.database import Database
from chassis.sql import text

_RESERVED = text("""
SELECT s.item_code, s.reserved AS said, coalesce(l.held, 0) AS found FROM stock s
LEFT JOIN (SELECT item_code, sum(got - issued) AS held FROM reservation_line WHERE got > issued GROUP BY item_code) l
  USING (item_code)
WHERE s.reserved <> coalesce(l.held, 0) ORDER BY s.item_code
""")
_ON_HAND = text("""
SELECT s.item_code, s.on_hand AS said, coalesce(m.total, 0) AS found FROM stock s
LEFT JOIN (SELECT item_code, sum(quantity) AS total FROM stock_movement GROUP BY item_code) m USING (item_code)
WHERE s.on_hand <> coalesce(m.total, 0) ORDER BY s.item_code
""")
_OVERDRAWN = text("""
SELECT s.item_code, s.on_hand AS said, s.reserved + s.quarantined AS found FROM stock s
WHERE s.reserved + s.quarantined > s.on_hand OR s.on_hand < 0 OR s.reserved < 0 ORDER BY s.item_code
""")
_IDLE = text("""
SELECT s.item_code, s.on_hand - s.reserved - s.quarantined - s.safety_stock AS said, 0 AS found FROM stock s
WHERE s.on_hand - s.reserved - s.quarantined > s.safety_stock
  AND EXISTS (SELECT FROM reservation_line r WHERE r.item_code = s.item_code AND r.is_open AND r.got < r.need)
ORDER BY s.item_code
""")
_CHECKS = (
    ("reserved_is_held", _RESERVED), ("on_hand_is_ledger", _ON_HAND), ("reserved_is_there", _OVERDRAWN),
    ("nothing_idle_beside_a_shortage", _IDLE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An item whose books disagree."""

    check: str
    item: str
    said: Decimal
    found: Decimal


async def mismatches(database: Database, wanted: Collection[str] = ()) -> list[Mismatch]:
    """Return every disagreement, or those of the `wanted` checks; each is one statement, so it sees one moment."""
    async with database.read() as connection:
        return [
            Mismatch(check, row.item_code, row.said, Decimal(row.found))
            for check, statement in _CHECKS
            if not wanted or check in wanted
            for row in await connection.execute(statement)
        ]
