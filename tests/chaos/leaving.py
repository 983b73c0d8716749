"""Letting go of what a drill used: whatever state a failed drill left behind, nobody waits for it for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

LEAVE_SECONDS = 15.0


async def leave(what: str, closing: Coroutine[Any, Any, Any], within: float = LEAVE_SECONDS) -> None:
    """Close something, or say that it would not be closed and go on: the drill's own failure is what counts."""
    task = asyncio.ensure_future(closing)
    done, _ = await asyncio.wait([task], timeout=within)
    if not done:
        task.cancel()
        print(f"  {what} was not closed within {within:g} s")
    elif not task.cancelled() and (error := task.exception()):
        print(f"  closing {what}: {error!r}")
