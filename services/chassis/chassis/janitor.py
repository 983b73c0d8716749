"""Keeps the inbox and the idempotency keys to 35 days, a little at a time (reliability.md 3.1)."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from chassis.database import Database
from chassis.sql import text

KEEP_DAYS = 35
ROWS = 5000
EVERY_SECONDS = 3600.0
log = structlog.get_logger()
_SWEEPS = [
    text(f"""DELETE FROM {table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {table} WHERE {column} < now() - interval '{KEEP_DAYS} days' LIMIT {ROWS}))""")  # noqa: S608  constants
    for table, column in (("inbox", "received_at"), ("idempotency", "created_at"))
]


async def sweep(database: Database, stop: asyncio.Event) -> None:
    """Delete what is older than 35 days once an hour until `stop`."""
    while not stop.is_set():
        try:
            for statement in _SWEEPS:
                async with database.transaction(who="janitor") as unit:
                    await unit.execute(statement)
        except Exception as error:
            log.warning("sweep_failed", error=repr(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
