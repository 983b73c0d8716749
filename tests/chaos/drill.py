"""`python -m tests.chaos.drill`: kill -9 of every part under load, then the account. Exit 1 on anything lost or doubled.

ORDERHUB_CHAOS_ROUNDS (1) tours over all parts, ORDERHUB_CHAOS_SEED (printed), ORDERHUB_E2E_STACK a running stack's folder.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import random
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from tests.chaos.accounting import LISTENERS, SERVICES, Account, Auditor
from tests.chaos.ears import Ears
from tests.chaos.faults import PARTS, Faults
from tests.chaos.leaving import leave
from tests.chaos.traffic import Traffic
from tests.e2e.stack import Stack, down, up
from tests.support.waiting import eventually

GOOD_WEATHER_SECONDS = 60.0  # within this, every kind of command must be acknowledged again
REST_SECONDS = 90.0
COUNTED = ("order", "movement", "shipment", "receipt", "scan")
Weather = Callable[["Drill"], Awaitable[None]]


@dataclass
class Drill:
    """One stack, its writers, its subscriber and its faults."""

    stack: Stack
    seed: int
    traffic: Traffic = field(init=False)
    faults: Faults = field(init=False)
    ears: Ears = field(init=False)

    def __post_init__(self) -> None:
        self.traffic = Traffic(self.stack, self.seed)
        self.faults = Faults(self.stack)
        self.ears = Ears(self.stack)

    async def run(self, weather: Weather) -> Account:
        """Write, let the weather happen, come to rest, repeat every command, count."""
        async with self.prepared():
            before = await self._told()
            async with self.writing():
                await self.good_weather()
                await weather(self)
            await self.at_rest()
            await self.traffic.repeat_all()
            await self.at_rest()
            return await self._audit(before)

    @asynccontextmanager
    async def prepared(self) -> AsyncIterator[None]:
        """Listen and make the factory; however it ends, both are let go of within a deadline."""
        try:
            await self.ears.open()
            await self.traffic.prepare()
            yield
        finally:
            await self.ears.close()
            await leave("the client", self.traffic.close())

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.traffic.run())
            try:
                yield
            finally:
                self.traffic.stop.set()

    async def good_weather(self) -> float:
        """Wait until every kind of command was acknowledged since now; return how many seconds that took."""
        history, began = self.traffic.history, time.monotonic()
        before = {kind: len(history.acknowledged(kind)) for kind in COUNTED}

        def missing() -> list[str]:
            return [kind for kind, count in before.items() if len(history.acknowledged(kind)) <= count]

        async def all_kinds() -> bool:
            return not missing()

        try:
            await eventually(all_kinds, within=GOOD_WEATHER_SECONDS, every=0.05)
        except AssertionError as late:
            raise AssertionError(f"{late}; not acknowledged: {missing()}; {dict(history.surprises)}") from late
        return time.monotonic() - began

    async def at_rest(self) -> None:
        """Wait until nothing is on its way any more; what then stays is left, and counted as such."""
        until = time.monotonic() + REST_SECONDS
        while time.monotonic() < until and await self._moving():
            await asyncio.sleep(0.3)

    async def _moving(self) -> bool:
        try:
            waiting = 0
            for name in SERVICES:
                connection = await asyncpg.connect(self.stack.facts["postgres"][name], timeout=3)
                waiting += await connection.fetchval(
                    "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM parked WHERE NOT dead)"
                )
                await connection.close()
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return True
        if waiting:
            return True
        queues = await self.faults.queues()
        return any(queues.get(queue, 1) for queue in (*LISTENERS, "subscriber.drill"))

    async def _told(self) -> frozenset[str]:
        """Return the events told so far and not heard: the subscriber came too late for them."""
        ids: set[str] = set()
        for name in SERVICES:
            connection = await asyncpg.connect(self.stack.facts["postgres"][name], timeout=5)
            ids |= {str(row[0]) for row in await connection.fetch("SELECT event_id FROM event_log")}
            await connection.close()
        return frozenset(ids)

    async def _audit(self, before: frozenset[str]) -> Account:
        job = str(self.traffic.scanned_job["number"])
        auditor = Auditor(
            self.stack,
            self.traffic.history,
            self.ears,
            self.traffic.factory.cable,
            self.traffic.received_job,
            job,
            before,
        )
        return await auditor.audit(self.faults.confirmed, await self.faults.queues())


def kills(rounds: int, seed: int) -> Weather:
    """Return the weather in which every part dies once a round, in an order the seed decides."""

    async def blow(drill: Drill) -> None:
        chance = random.Random(seed)
        for part in itertools.chain.from_iterable(chance.sample(PARTS, len(PARTS)) for _ in range(rounds)):
            await drill.faults.kill(part)
            took = await drill.good_weather()
            drill.faults.confirmed[-1] += f"; all kinds of commands acknowledged again after {took:.1f} s"
            print(f"  {drill.faults.confirmed[-1]}", flush=True)

    return blow


@contextmanager
def a_stack() -> Iterator[Stack]:
    """Give the named running stack, or one of our own that is taken away afterwards."""
    if running := os.environ.get("ORDERHUB_E2E_STACK"):
        yield Stack(Path(running))
        return
    started = up()
    try:
        yield started
    finally:
        down(started)


def main() -> int:
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # the subscriber reconnects by itself
    seed = int(os.environ.get("ORDERHUB_CHAOS_SEED") or secrets.randbelow(10**6))
    rounds = int(os.environ.get("ORDERHUB_CHAOS_ROUNDS") or 1)
    with a_stack() as stack:
        print(f"drill: {rounds} round(s) over {len(PARTS)} parts, seed {seed}", flush=True)
        began = time.monotonic()
        drill = Drill(stack, seed)
        account = asyncio.run(drill.run(kills(rounds, seed)))
        print(f"\n  {drill.traffic.history.sent} requests in {time.monotonic() - began:.0f} s")
    print("\n".join(f"  {line}" for line in account.lines()))
    return 1 if account.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
