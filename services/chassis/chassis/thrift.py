"""Gives memory back when nothing needs it: database connections a burst opened, and what the allocator keeps."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
from collections import deque
from contextlib import AsyncExitStack

import structlog
from sqlalchemy import Connection
from sqlalchemy.pool import QueuePool

from chassis.database import Database, is_transient

LOOK_SECONDS = 5.0
QUIET_LOOKS = 12  # a connection nobody needed for a minute is spare
KEPT = 1
log = structlog.get_logger()


async def keep_small(database: Database, stop: asyncio.Event) -> None:
    """Close connections that stayed idle for a minute, all but one, until `stop`."""
    idle: deque[int] = deque(maxlen=QUIET_LOOKS)
    release_memory()  # what starting took and nothing needs any more
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        idle.append(idle_connections(database))
        spare = min(idle) - KEPT
        if len(idle) == QUIET_LOOKS and spare > 0:
            await close_spare(database, spare)
            idle.clear()
            release_memory()


def idle_connections(database: Database) -> int:
    """Return how many open connections nobody uses."""
    pool = database.engine.pool
    return pool.checkedin() if isinstance(pool, QueuePool) else 0


async def close_spare(database: Database, spare: int) -> None:
    """Close `spare` idle connections; one that is wanted meanwhile is opened anew."""
    try:
        async with AsyncExitStack() as taken:
            for _ in range(spare):
                connection = await taken.enter_async_context(database.engine.connect())
                await connection.run_sync(Connection.detach)
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("connections_not_closed", error=repr(error))


def release_memory() -> None:
    """Collect what is unreachable and give free pages back to the machine, where the C library can."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
