"""Takes changed lead times, and a changed calendar, over once a second: a report has little left to take over."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from order_service.adapters.stage_times import StageTimesKeeper

EVERY_SECONDS = 1.0
log = structlog.get_logger()


class LeadTimeFollower:
    """Follows until told to stop; a database that is away is tried again."""

    def __init__(self, keeper: StageTimesKeeper) -> None:
        self._keeper = keeper

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`."""
        while not stop.is_set():
            try:
                await self._keeper.follow()
                await self._keeper.follow_calendar()
            except Exception as error:
                log.warning("lead_times_behind", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
