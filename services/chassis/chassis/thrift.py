"""Gives memory back when nothing needs it: database connections a burst opened, and what the allocator keeps."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
from collections import deque

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import greenlet_spawn

LOOK_SECONDS = 5.0
QUIET_LOOKS = 12  # a connection nobody needed for a minute is spare
KEPT = 1


async def keep_small(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Close connections that stayed idle for a minute, all but one, until `stop`."""
    idle: deque[int] = deque(maxlen=QUIET_LOOKS)
    release_memory()  # what starting took and nothing needs any more
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        idle.append(idle_connections(engine))
        spare = min(idle) - KEPT
        if len(idle) == QUIET_LOOKS and spare > 0:
            await close_spare(engine, spare)
            idle.clear()
            release_memory()


class ShrinkingPool(AsyncAdaptedQueuePool):
    """A pool that can let go of idle connections; the library's own keeps for ever what a burst opened."""

    def shrink(self, spare: int) -> None:
        """Close `spare` idle connections, the one idle for longest first."""
        for _ in range(min(spare, self.checkedin())):
            record = self._pool.get(block=False)
            self._dec_overflow()
            record.close()


def idle_connections(engine: AsyncEngine) -> int:
    """Return how many open connections nobody uses."""
    return engine.pool.checkedin() if isinstance(engine.pool, ShrinkingPool) else 0


async def close_spare(engine: AsyncEngine, spare: int) -> None:
    """Close `spare` idle connections."""
    if isinstance(engine.pool, ShrinkingPool):
        await greenlet_spawn(engine.pool.shrink, spare)


def release_memory() -> None:
    """Collect what is unreachable and give free pages back to the machine, where the C library can."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
