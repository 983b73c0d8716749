"""Forget messages that ended long ago; what waits for anybody stays, however old."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

LEAST_DAYS = 30  # the database refuses to forget anything younger
EVERY_SECONDS = 3600.0
log = structlog.get_logger()


class OldMessages(Protocol):
    """The delivery log's past."""

    async def forget(self, keep: timedelta) -> int:
        """Forget one batch of what ended and is older than `keep`; return how many."""
        ...


@dataclass
class Forgetting:
    """Keeps the delivery log to so many days, a batch at a time."""

    messages: OldMessages
    keep: timedelta
    passing: Callable[[BaseException], bool]

    async def run(self, stop: asyncio.Event) -> None:
        """Forget once an hour until `stop`."""
        while not stop.is_set():
            try:
                await self.sweep()
            except Exception as error:
                if not self.passing(error):
                    raise
                log.warning("forgetting_interrupted", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)

    async def sweep(self) -> int:
        """Forget everything that may go; return how many messages."""
        total = 0
        while gone := await self.messages.forget(self.keep):
            total += gone
        return total
