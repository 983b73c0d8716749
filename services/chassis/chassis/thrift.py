"""Gives memory back when nothing needs it: what starting took, and what the allocator keeps after a burst."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc

LOOK_SECONDS = 60.0
YOUNG = 20_000  # objects made before the young are looked through: a plan of ten lines makes as many, and all of them go again


async def keep_small(stop: asyncio.Event) -> None:
    """Release what starting took, then free pages every minute, until `stop`."""
    collect_seldom()
    while not stop.is_set():
        release_memory()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)


def collect_seldom() -> None:
    """Leave what starting made out of every later collection: looking it all through stops a service for 50 to 100 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


def release_memory() -> None:
    """Give free pages back to the machine, where the C library can."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
