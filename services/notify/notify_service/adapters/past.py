"""The delivery log's past: what ended long ago leaves through the one door the database has for it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from chassis.database import Database

AT_ONCE = 1000
_FORGET = text("SELECT forget_notifications(CAST(:before AS timestamptz), :most)")


class SqlPast:
    """Forgets in short transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, keep: timedelta) -> int:
        """Forget one batch of what is older than `keep`; return how many."""
        async with self._database.transaction(who="notify") as unit:
            found = await unit.execute(_FORGET, {"before": unit.now - keep, "most": AT_ONCE})
            return int(found.scalar_one())
