"""The delivery log's past: what ended long ago leaves through the one door the database has for it."""

from __future__ import annotations

from datetime import timedelta

from chassis.database import Database
from chassis.sql import text

AT_ONCE = 1000
_FORGET = text("SELECT forget_notifications(CAST(:before AS timestamptz), :most)")
_WORDS = text("""
DELETE FROM shipment_words WHERE (order_number, shipment_number) IN (
  SELECT order_number, shipment_number FROM shipment_words WHERE told_at < :before LIMIT :most)
""")


class SqlPast:
    """Forgets in short transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, keep: timedelta) -> int:
        """Forget one batch of what is older than `keep`; return how many."""
        async with self._database.transaction(who="notify") as unit:
            values = {"before": unit.now - keep, "most": AT_ONCE}
            await unit.execute(_WORDS, values)
            found = await unit.execute(_FORGET, values)
            return int(found.scalar_one())
