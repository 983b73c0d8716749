"""Keeps lead times ready: follows what changed, order by order; exact as soon as nothing waits (S85)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.sql import Row, text
from order_service.adapters import calendar_progress, older_runs
from order_service.adapters.calendar_progress import Progress, progress_now
from order_service.adapters.calendars import WorkingTimes
from order_service.adapters.lead_time_runs import HOURS, KINDS, StageTimes, change_runs, pack
from order_service.domain.stages import MOMENTS, dwells, elapsed, seconds_of, waiting
from order_service.domain.turnover import Movement, turnover
from order_service.domain.working_time import WorkingTime

CHUNK = 500
LOT = 200  # of orders counted by a new calendar: small, so that requests get their turn between two
_LOCK = text("SELECT pg_advisory_xact_lock(4714)")  # one follower at a time: two would change the same run
_UNHURRIED = text("SET LOCAL statement_timeout = '1h'")
_TAKE = text("""
DELETE FROM lead_time_change WHERE n IN (SELECT n FROM lead_time_change ORDER BY n LIMIT :limit) RETURNING order_id
""")
WAITED = """
  min(raised_at) AS raised, max(cleared_at) AS cleared, coalesce(bool_or(cleared_at IS NULL), false) AS open_now
"""
_FACTS = text(f"""
SELECT o.id, CAST(o.created_at AT TIME ZONE :zone AS date) AS day, o.customer_id, o.sales_owner, o.state, o.channel,
  ARRAY(SELECT DISTINCT l.item_code FROM order_line l WHERE l.order_id = o.id ORDER BY l.item_code) AS item_codes,
  {", ".join(f"m.{moment}" for moment in MOMENTS)}, w.raised, w.cleared, w.open_now
FROM customer_order o LEFT JOIN order_milestones m ON m.order_id = o.id
LEFT JOIN LATERAL (
  SELECT {WAITED} FROM order_shortage s WHERE s.order_id = o.id) w ON true
WHERE o.id = ANY(CAST(:ids AS uuid[])) AND o.state <> 'cancelled'
""")  # noqa: S608  constants
MOVED = text("""
SELECT order_id, true AS came, line_no, received_at AS at, quantity FROM receipt WHERE order_id = ANY(CAST(:ids AS uuid[]))
UNION ALL
SELECT l.order_id, false, l.line_no, s.shipped_at, l.quantity
FROM shipment_line l JOIN shipment s ON s.number = l.shipment_number
WHERE l.order_id = ANY(CAST(:ids AS uuid[])) AND l.told
""")
_COLUMNS = "order_id, day, customer_id, sales_owner, items, elapsed, working, channel"
_KEPT = text(f"SELECT {_COLUMNS} FROM order_stage_time WHERE order_id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608
_FORGET = text("DELETE FROM order_stage_time WHERE order_id = ANY(CAST(:ids AS uuid[]))")
_KEEP = text(f"""
INSERT INTO order_stage_time ({_COLUMNS})
VALUES (:order_id, :day, :customer_id, :sales_owner, :items, :elapsed, :working, :channel)
""")  # noqa: S608  constants
_EVERY = text("INSERT INTO lead_time_change (order_id) SELECT order_id FROM order_milestones")
_PENDING = text(f"""
SELECT count(DISTINCT order_id) + CAST({older_runs.MISSING} AS int) FROM lead_time_change
""")  # noqa: S608  constant


class StageTimesKeeper:
    """Follows the facts of orders into the tables reports read."""

    def __init__(self, database: Database, zone: str, working: WorkingTimes) -> None:
        self._database = database
        self._zone = zone
        self._working = working

    async def follow(self, chunks: int = 20) -> int:
        """Take up to `chunks` lots of changes over; return how many orders still wait."""
        for _ in range(chunks):
            if not await self._waits():
                return 0
            async with self._database.transaction(who="service:order") as unit:
                await self._begin(unit)
                taken = list((await unit.execute(_TAKE, {"limit": CHUNK})).scalars())
                await self._take_over(unit, sorted(set(taken)), into_runs=True)
        return await self._waits()

    async def follow_calendar(self, lots: int = 20) -> Progress:
        """Count up to `lots` lots of orders by the calendar that holds; what is kept is then as if it always had."""
        while lots > 0 and not (progress := await self.progress()).current:
            async with self._database.transaction(who="service:order") as unit:
                await self._begin(unit)
                if ids := await calendar_progress.next_lot(unit, LOT):
                    await self._take_over(unit, ids, into_runs=True)
                    await calendar_progress.step(unit, ids)
            lots -= 1
        return progress if lots > 0 else await self.progress()

    async def progress(self) -> Progress:
        """Return how far what is kept follows the calendar."""
        async with self._database.read() as connection:
            return await progress_now(connection)

    async def rebuild(self) -> int:
        """Forget everything kept and make it anew from the facts; return how many orders stand in it."""
        async with self._database.transaction(who="operator") as unit:
            await unit.execute(_UNHURRIED)
            await unit.execute(_LOCK)
            for table in ("lead_time_run", "order_stage_time", "lead_time_change"):
                await unit.execute(text(f"DELETE FROM {table}"))  # noqa: S608  constants
            await unit.execute(_EVERY)
            count = 0
            while taken := list((await unit.execute(_TAKE, {"limit": CHUNK})).scalars()):
                count += await self._take_over(unit, sorted(taken), into_runs=False)
            for kind in KINDS:
                for hours in HOURS:
                    await pack(unit, kind, hours)
            await calendar_progress.settle(unit, count, unit.now)
        return count

    async def _waits(self) -> int:
        async with self._database.read(patient=True) as connection:
            return int((await connection.execute(_PENDING)).scalar_one())

    async def _begin(self, unit: Transaction) -> None:
        """Keep other followers out; what the release before left undone comes first."""
        await unit.execute(_LOCK)
        await older_runs.complete(unit)

    async def _take_over(self, unit: Transaction, ids: Sequence[UUID], *, into_runs: bool) -> int:
        """Bring what is kept of these orders up to their facts."""
        after = await self._computed(unit, ids)
        before = [StageTimes(**row) for row in await unit.execute(_KEPT, {"ids": ids})]
        await unit.execute(_FORGET, {"ids": ids})
        if after:
            await unit.connection.execute_many(_KEEP, [_params(row) for row in after])
        if into_runs:
            await change_runs(unit, before, after)
        return len(after)

    async def _computed(self, unit: Transaction, ids: Sequence[UUID]) -> list[StageTimes]:
        rows = (await unit.execute(_FACTS, {"ids": ids, "zone": self._zone})).all()
        moved: dict[UUID, list[Row]] = defaultdict(list)
        for row in await unit.execute(MOVED, {"ids": ids}):
            moved[row.order_id].append(row)
        working = await self._working.now(unit)
        return [self._stage_times(row, moved[row.id], working) for row in rows]

    def _stage_times(self, row: Row, moved: Iterable[Row], working: WorkingTime) -> StageTimes:
        now = self._database.clock.now()
        moments = {name: getattr(row, name) for name in MOMENTS if getattr(row, name) is not None}
        found = dwells(moments, row.state, now, turnover_of(moved))
        found.append(waiting(row.raised, row.cleared, open_now=row.open_now, now=now))
        measured = seconds_of(found, elapsed), seconds_of(found, working.between)
        return StageTimes(row.id, row.day, row.customer_id, row.sales_owner, row.item_codes, *measured, row.channel)


def turnover_of(moved: Iterable[Row]) -> tuple[Any, ...]:
    """Return how long the goods of one order lay, from its receipts and shipments."""
    came: list[Movement] = []
    left: list[Movement] = []
    for row in moved:
        (came if row.came else left).append(Movement(row.line_no, row.at, row.quantity))
    return turnover(came, left)


def _params(row: StageTimes) -> dict[str, Any]:
    return {name: getattr(row, name) for name in StageTimes.__slots__}
