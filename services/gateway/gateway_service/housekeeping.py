"""Takes away sign-ins that are over and phone look-ups that are old, an hour at a time."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import structlog

from chassis.database import Database
from chassis.sql import text
from gateway_service import refusals
from gateway_service.sessions import ABSOLUTE

EVERY_SECONDS = 3600.0
ROWS = 5000
log = structlog.get_logger()
_SESSIONS = text("""
DELETE FROM sessions WHERE id = ANY (ARRAY(SELECT id FROM sessions WHERE opened_at < :before LIMIT :rows)) RETURNING 1
""")
_LOOKUPS = text("SELECT forget_phone_lookups(CAST(:before AS timestamptz), :rows)")
_TICKETS = text("DELETE FROM stream_tickets WHERE expires_at < :now")


async def sweep_once(database: Database) -> int:
    """Delete sessions that can't be continued any more, with their tokens, and unused tickets; return how many."""
    async with database.transaction(who="housekeeping") as unit:
        swept = await unit.execute(_SESSIONS, {"before": unit.now - 2 * ABSOLUTE, "rows": ROWS})
        await unit.execute(_TICKETS, {"now": unit.now})
    return len(swept)


async def forget_lookups(database: Database, days: int) -> int:
    """Forget phone look-ups older than so many days, a batch at a time; return how many."""
    total = 0
    while True:
        async with database.transaction(who="housekeeping") as unit:
            before = unit.now - timedelta(days=days)
            gone = (await unit.execute(_LOOKUPS, {"before": before, "rows": ROWS})).scalar_one()
        total += int(gone)
        if gone < ROWS:
            return total


async def keep(database: Database, stop: asyncio.Event, lookup_days: int) -> None:
    """Sweep every hour until `stop`; an absent database is tried again next hour."""
    while not stop.is_set():
        try:
            await sweep_once(database)
            await forget_lookups(database, lookup_days)
            await refusals.forget(database)
        except Exception as error:
            log.warning("housekeeping_failed", error=repr(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
