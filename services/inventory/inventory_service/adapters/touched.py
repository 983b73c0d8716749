"""Which items a batch of events will touch, found before its transaction so that all locks are taken in one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from chassis.database import Database
from chassis.events import Incoming
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
        said = {code for event in events for code in _said(event.data) if findable(code)}
        orders = [str(event.data.get("order_number", "")) for event in events]
        async with self._database.read() as connection:
            rows = await connection.execute(_OF_ORDERS, {"orders": [order for order in orders if findable(order)]})
            return said | set(rows.scalars())


def _said(data: Mapping[str, Any]) -> Iterable[str]:
    """Yield every item code anywhere in an event's data."""
    for name, value in data.items():
        if name == "item_code" and isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, Mapping):
                    yield from _said(part)
