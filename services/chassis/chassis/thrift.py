"""Gives memory back when nothing needs it: what starting took, and what the allocator keeps after a burst."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc

LOOK_SECONDS = 60.0


async def keep_small(stop: asyncio.Event) -> None:
    """Release what starting took, then free pages every minute, until `stop`."""
    gc.collect()
    while not stop.is_set():
        release_memory()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)


def release_memory() -> None:
    """Give free pages back to the machine, where the C library can."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
