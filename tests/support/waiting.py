"""Waiting on a condition with a deadline instead of sleeping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, within: float = 10.0, every: float = 0.02) -> T:
    """Return the first truthy result of `probe`; fail with the last one when the time is over."""
    until = time.monotonic() + within
    while True:
        result = await probe()
        if result:
            return result
        if time.monotonic() > until:
            raise AssertionError(f"not within {within} s; last seen: {result!r}")
        await asyncio.sleep(every)
