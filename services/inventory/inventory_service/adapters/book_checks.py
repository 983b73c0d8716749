"""The self-check's sections about stock: the books against each other, and reservations against their orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.database import Database
from chassis.self_check import ATTENTION, BAD, Check, Finding, Section, judged
from chassis.sql import Row, text
from inventory_service.adapters.neighbours import DEAD_STATES, Neighbours
from inventory_service.adapters.reconcile import mismatches
from inventory_service.domain.quantity import plain

SETTLED = timedelta(minutes=1)  # an order's end takes a moment to arrive
MOST_ORDERS = 5_000
_HOLDERS = text("""
SELECT r.order_number, coalesce(o.state, '') AS state, coalesce(p.state, 'open') AS production_state,
       min(r.production_order_number) AS production_order, min(r.item_code) AS item, sum(r.got - r.issued) AS held
FROM reservation_line r LEFT JOIN order_copy o ON o.number = r.order_number
LEFT JOIN receivable p ON p.number = r.production_order_number
WHERE r.is_open AND r.got > r.issued
GROUP BY r.order_number, o.state, p.state ORDER BY r.order_number LIMIT :limit
""")


@dataclass(frozen=True)
class BookChecks:
    """What only inventory can check."""

    database: Database
    neighbours: Neighbours

    def checks(self) -> Mapping[str, Check]:
        """Return the checks by code."""
        return {
            "stock_ledger": lambda: self._books("on_hand_is_ledger"),
            "stock_reserved": lambda: self._books("reserved_is_held"),
            "stock_overdrawn": lambda: self._books("reserved_is_there"),
            "stock_idle": lambda: self._books("nothing_idle_beside_a_shortage", ATTENTION),
            "orphan_reservations": self.orphans,
        }

    async def _books(self, check: str, state: str = BAD) -> Section:
        wrong = await mismatches(self.database, (check,))
        return judged([Finding(one.item, {"said": plain(one.said), "found": plain(one.found)}) for one in wrong], state)

    async def orphans(self) -> Section:
        """Stock held for an order that is over, or that nobody knows: a ghost after a restore."""
        async with self.database.read() as connection:
            holders = list(await connection.execute(_HOLDERS, {"limit": MOST_ORDERS}))
        known = await self.neighbours.order_states({row.order_number for row in holders}) if holders else {}
        before = self.database.clock.now() - SETTLED
        return judged([_finding(row, known) for row in holders if _is_orphan(row, known, before)])


def _is_orphan(row: Row, known: Mapping[str, tuple[str, datetime]], before: datetime) -> bool:
    if row.order_number not in known:
        return True
    state, changed_at = known[row.order_number]
    return (state in DEAD_STATES and changed_at < before) or row.production_state in DEAD_STATES


def _finding(row: Row, known: Mapping[str, tuple[str, datetime]]) -> Finding:
    state, since = known.get(row.order_number, ("unknown", None))
    words = {"item": row.item, "held": plain(row.held), "production_order": row.production_order, "state": state}
    return Finding(row.order_number, words, since)
