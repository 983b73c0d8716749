"""How far the kept lead times follow the calendar: a job of one row, which any process goes on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from chassis.sql import text
from order_service.adapters.calendars import Reader, version_now

_NOW = text("SELECT followed, target, order_count, done_count, began_at, ended_at FROM lead_time_calendar")
_KEPT = text("SELECT count(*) FROM order_stage_time")
_BEGIN = text("""
UPDATE lead_time_calendar SET target = :version, reached = NULL, done_count = 0, began_at = :now, ended_at = NULL,
  order_count = (SELECT count(*) FROM order_stage_time)
WHERE target <> :version
""")
_NEXT = text("""
SELECT t.order_id FROM order_stage_time t, lead_time_calendar c
WHERE c.reached IS NULL OR t.order_id > c.reached ORDER BY t.order_id LIMIT :limit
""")
_STEP = text("UPDATE lead_time_calendar SET reached = :reached, done_count = done_count + :count")
_END = text("UPDATE lead_time_calendar SET followed = target, reached = NULL, ended_at = :now")
_SETTLE = text("""
UPDATE lead_time_calendar SET followed = :version, target = :version, reached = NULL, order_count = :count,
  done_count = :count, began_at = :began, ended_at = :now
""")


@dataclass(frozen=True, slots=True)
class Progress:
    """How many orders' kept times follow the calendar that holds."""

    current: bool
    order_count: int = 0
    done_count: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def waiting(self) -> int:
        """Return how many orders are still counted by an earlier calendar."""
        return 0 if self.current else max(self.order_count - self.done_count, 0)


async def progress_now(reader: Reader) -> Progress:
    """Return how far it is; a change nobody has begun with counts every order as waiting."""
    version = await version_now(reader)
    row = (await reader.execute(_NOW)).one()
    if row.target != version:
        return Progress(False, int((await reader.execute(_KEPT)).scalar_one()))
    return Progress(row.followed == version, row.order_count, row.done_count, row.began_at, row.ended_at)


async def next_lot(unit: Transaction, limit: int) -> Sequence[UUID]:
    """Return orders to count anew; none when all follow. A change half way begins again from the first."""
    version = await version_now(unit)
    if (await unit.execute(_NOW)).one().followed == version:
        return ()
    await unit.execute(_BEGIN, {"version": version, "now": unit.now})
    found: list[UUID] = (await unit.execute(_NEXT, {"limit": limit})).scalars()
    if not found:
        await unit.execute(_END, {"now": unit.now})
    return found


async def step(unit: Transaction, done: Sequence[UUID]) -> None:
    """Note that these orders, in their order, are counted anew."""
    await unit.execute(_STEP, {"reached": done[-1], "count": len(done)})


async def settle(unit: Transaction, count: int, began: datetime) -> None:
    """Note that everything kept was made by the calendar that holds."""
    values = {"version": await version_now(unit), "count": count, "began": began, "now": unit.now}
    await unit.execute(_SETTLE, values)
