"""Queries over expected receipts. What is unclaimed: open deliveries in the order they are due, less what waits now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from chassis.database import Database
from chassis.sql import Row, text
from inventory_service.adapters.executor import Executor
from inventory_service.adapters.expected_receipts import COLUMNS
from inventory_service.domain.entry import findable

MAX_OF_ITEMS = 5_000
_WITH_NAMES = f"""
SELECT {COLUMNS}, coalesce(i.name, '') AS item_name, coalesce(i.unit, '') AS unit, greatest(0, least(e.open, e.cum - e.waiting)) AS unclaimed
FROM (
  SELECT e.*, sum(e.open) OVER (PARTITION BY e.item_code ORDER BY e.due_date, e.number ROWS UNBOUNDED PRECEDING) AS cum,
         coalesce((SELECT sum(r.need - r.got) FROM reservation_line r
                   WHERE r.item_code = e.item_code AND r.is_open AND r.got < r.need), 0) AS waiting
  FROM (SELECT {COLUMNS}, CASE WHEN e.cancelled THEN 0 ELSE greatest(0, e.quantity - e.received) END AS open
        FROM expected_receipt e WHERE {{which}}) e
) e LEFT JOIN item_copy i ON i.item_code = e.item_code
WHERE {{page}} ORDER BY e.due_date, e.number LIMIT :size
"""  # noqa: S608  constants
_OPEN = "NOT e.cancelled AND e.received < e.quantity"
_STATES = {
    "": "true",
    "open": _OPEN,
    "late": f"{_OPEN} AND e.due_date < :today",
    "expected": f"{_OPEN} AND e.received = 0",
    "part_received": f"{_OPEN} AND e.received > 0",
    "received": "e.received >= e.quantity",
    "cancelled": "e.cancelled AND e.received < e.quantity",
}
_AFTER = "(e.due_date, e.number) > (CAST(:after_day AS date), :after_number)"
# The running sum needs all open deliveries of the items on the page, so each state is sorted out behind it.
_LISTS = {
    state: text(_WITH_NAMES.format(which="true", page=f"{where} AND {_AFTER}")) for state, where in _STATES.items()
}
_OF_ITEMS = {
    state: text(_WITH_NAMES.format(which="e.item_code = ANY (CAST(:items AS text[]))", page=f"{where} AND {_AFTER}"))
    for state, where in _STATES.items()
}
_ONE = text(
    _WITH_NAMES.format(
        which="e.item_code = (SELECT x.item_code FROM expected_receipt x WHERE x.number = :name OR CAST(x.id AS text) = :name)",
        page="e.number = :name OR CAST(e.id AS text) = :name",
    )
)


class ExpectedViews:
    """Answers from what is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, name: str) -> Row | None:
        """Return one by number or id."""
        if not findable(name):
            return None
        async with self._database.read() as connection:
            return await self.one_in(connection, name)

    @staticmethod
    async def one_in(executor: Executor, name: str) -> Row | None:
        """Return one by number or id, as a running transaction has left it."""
        return (await executor.execute(_ONE, {"name": name, "size": 1})).first()

    async def listed(self, items: Sequence[str], state: str, today: date, after: Sequence[Any], size: int) -> list[Row]:
        """Return a page behind a day and a number, earliest due first; of these items, or of all."""
        statement = (_OF_ITEMS if items else _LISTS)[state]
        values: dict[str, Any] = {"after_day": after[0], "after_number": after[1], "size": size}
        if items:
            values["items"] = [item for item in items if findable(item)]
        if state == "late":
            values["today"] = today
        async with self._database.read() as connection:
            return list(await connection.execute(statement, values))


def is_state(state: str) -> bool:
    """True when lists can be asked for it."""
    return state in _STATES
