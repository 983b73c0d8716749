"""Which items a batch of events will touch, found before its transaction so that all locks are taken in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.database import Database
from chassis.events import Incoming
from chassis.sql import text
from inventory_service.domain.entry import findable

_OF_ORDERS = text("""
SELECT item_code FROM reservation_line WHERE order_number = ANY (CAST(:orders AS text[]))
UNION SELECT item_code FROM shippable WHERE order_number = ANY (CAST(:orders AS text[]))
""")


class Touched:
    """Finds items by what events say and by what is kept for their orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by(self, events: Sequence[Incoming]) -> set[str]:
        """Return the items of these events."""
        codes: set[str] = set()
        for event in events:
            _collect(event.data, codes)
        said = {code for code in codes if findable(code)}
        orders = [str(event.data.get("order_number", "")) for event in events]
        async with self._database.read() as connection:
            rows = await connection.execute(_OF_ORDERS, {"orders": [order for order in orders if findable(order)]})
            return said | set(rows.scalars())


def _collect(data: Mapping[str, Any], codes: set[str]) -> None:
    """Add every item code anywhere in an event's data."""
    code = data.get("item_code")
    if isinstance(code, str):
        codes.add(code)
    for value in data.values():
        if type(value) is list:
            for part in value:
                if type(part) is dict:
                    _collect(part, codes)
