"""The delivery engine: claims what is due, sends it outside any transaction, records what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from notify_service.app.ports import Courier, Deliveries, Parcel, Watch
from notify_service.domain.outcome import Outcome

SHORTEST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
RECORD_TRIES = 8
LOOK_EVERY_SECONDS = 5.0
FAULT_REST_SECONDS = 5.0


@dataclass
class Engine:
    """Sends in every channel at once, one message at a time in each; any number of replicas may run it.

    `wake` is called when what is to be sent has been committed; what other replicas wrote, or what waits for its time, is
    found by looking in growing pauses. `passing` tells faults of the moment, which are waited for, from errors, which end the process.
    """

    deliveries: Deliveries
    courier: Courier
    watch: Watch
    passing: Callable[[BaseException], bool]
    log: structlog.stdlib.BoundLogger
    _stopping: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: dict[str, asyncio.Task[int]] = field(default_factory=dict)

    def wake(self) -> None:
        """Look for work soon."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`, finishing the sends in hand."""
        pause = SHORTEST_PAUSE_SECONDS
        self._stopping = False
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                if await self._safely(self._start_due, group):
                    pause = SHORTEST_PAUSE_SECONDS
                if await self._wait(pause, stop):
                    pause = SHORTEST_PAUSE_SECONDS
                pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
            self._stopping = True

    async def look_after(self, stop: asyncio.Event) -> None:
        """Tell people what nobody read in time and what is stuck, every few seconds until `stop`."""
        while not stop.is_set():
            if await self._safely(self.watch.look):
                self.wake()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_SECONDS)

    async def _start_due(self, group: asyncio.TaskGroup) -> int:
        """Start a drain for every channel with work that has none; return how many."""
        started = 0
        for channel in await self.deliveries.due_channels():
            if channel not in self._busy:
                self._busy[channel] = group.create_task(self._drain_once(channel))
                started += 1
        return started

    async def _drain_once(self, channel: str) -> int:
        """Drain one channel; a fault of ours rests this channel and leaves the others alone."""
        try:
            return await self._safely(self.drain, channel)
        except Exception:
            self.log.exception("delivery_failed", channel=channel)
            await asyncio.sleep(FAULT_REST_SECONDS)
            return 0
        finally:
            del self._busy[channel]

    async def drain(self, channel: str) -> int:
        """Send through one channel until nothing may go or the process ends; return how many parcels left."""
        sent = 0
        while not self._stopping and (parcel := await self.deliveries.claim(channel)) is not None:
            await self._record(parcel, await self.courier.send(parcel))
            sent += 1
        return sent

    async def _record(self, parcel: Parcel, outcome: Outcome) -> None:
        """Store the outcome; when the database stays away the lease runs out and the send counts as interrupted."""
        for attempt in range(RECORD_TRIES):
            try:
                await self.deliveries.record(parcel, outcome)
                return
            except Exception as error:
                if not self.passing(error) or attempt == RECORD_TRIES - 1:
                    raise
                await asyncio.sleep(random.uniform(0.1, 0.4 * 2 ** min(attempt, 3)))  # noqa: S311  jitter

    async def _safely(self, work: Callable[..., Awaitable[int]], *args: object) -> int:
        try:
            return await work(*args)
        except Exception as error:
            if not self.passing(error):
                raise
            self.log.warning("delivery_interrupted", error=repr(error))
            return 0

    async def _wait(self, pause: float, stop: asyncio.Event) -> bool:
        """Wait for a wake, for `stop`, or for the pause; True when woken."""
        waits = {asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(stop.wait())}
        await asyncio.wait(waits, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        woken = self._woken.is_set()
        self._woken.clear()
        return woken
