"""The relay: outbox rows to the exchange, in order per subject, deleted after the confirm (reliability.md 3.3).

No id cursor, no low-water mark, no SKIP LOCKED, no NOTIFY: each of those lost or reordered events when measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import structlog
from opentelemetry import metrics

from chassis.broker import LOST, Backoff, Outgoing, Publisher, Refused
from chassis.failpoint import AFTER_CONFIRM, reach
from chassis.outbox import PARTITIONS

LOCK_SPACE = 4711
BATCH = 200
POLL_SECONDS = (0.01, 0.1)
REST_SECONDS = 0.015  # after a round that told something: what commits meanwhile shares the next one
QUIET_SECONDS = 20.0  # then the session is given back, with its locks: 25 MB of Postgres for nothing
# A connection torn down in mid-word reports the last of these, which is neither of the first two (seen at kill -9).
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_meter = metrics.get_meter("chassis")
_age = _meter.create_gauge("outbox_oldest_age_seconds", description="Age of the oldest event not yet told")
_told = _meter.create_counter("events_published", description="Events confirmed by the broker")
log = structlog.get_logger()

_DUE = """
SELECT id, event_id, subject, type, body, traceparent, attempts, extract(epoch FROM now() - occurred_at)::float8 AS age
FROM outbox o
WHERE part = ANY($1) AND next_at <= now()
  AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.subject = o.subject AND b.id < o.id AND b.next_at > now())
ORDER BY id LIMIT $2
"""
_DONE = """
WITH gone AS (DELETE FROM outbox WHERE id = ANY($1) RETURNING *)
INSERT INTO event_log (id, event_id, subject, sequence, type, body, traceparent, occurred_at, published_at)
SELECT id, event_id, subject, sequence, type, body, traceparent, occurred_at, now() FROM gone
"""
_LATER = "UPDATE outbox SET attempts = attempts + 1, next_at = now() + $2 * interval '1 second', last_error = $3 WHERE id = $1"


class Relay:
    """Drains the partitions whose advisory lock this session holds; a lost session loses them all.

    `anything` says over another connection whether the outbox holds an event; with it a quiet relay keeps no session.
    """

    def __init__(
        self, dsn: str, publisher: Publisher, wake: asyncio.Event, anything: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        self._dsn = dsn.replace("postgresql+asyncpg://", "postgresql://")
        self._publisher = publisher
        self._wake = wake
        self._anything = anything

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`; database and broker are waited for."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=3, command_timeout=10, server_settings={"application_name": "relay"}
                )
            except (OSError, *BROKEN, TimeoutError):
                await backoff.wait()
                continue
            try:
                await self._drain(connection, stop, backoff)
            except (*LOST, *BROKEN) as error:
                log.warning("relay_interrupted", error=repr(error))
                await self._publisher.close()
                await backoff.wait()
            finally:
                with contextlib.suppress(Exception):
                    await connection.close(timeout=2)
            await self._doze(stop)
        await self._publisher.close()

    async def _doze(self, stop: asyncio.Event) -> None:
        """Wait until the outbox holds something; when that can't be told, the next session will say."""
        with contextlib.suppress(OSError, *BROKEN, TimeoutError):
            while not stop.is_set() and self._anything is not None:
                self._wake.clear()  # before looking, as below
                if await self._anything():
                    return
                await self._pause(POLL_SECONDS[1])

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def _drain(self, connection: asyncpg.Connection, stop: asyncio.Event, backoff: Backoff) -> None:
        """Tell what is due until `stop`, or until it was quiet for a while and somebody else keeps watch."""
        held: list[int] = []
        pause = POLL_SECONDS[0]
        busy = time.monotonic()
        for round_ in itertools.count():
            if stop.is_set() or (self._anything is not None and time.monotonic() - busy > QUIET_SECONDS):
                return
            if round_ % 50 == 0:
                held = await self._take(connection, held)
            self._wake.clear()  # before looking: a commit after the look wakes the wait below
            sent = await self.relay_once(connection, held)
            if sent:
                backoff.reset()
                pause, busy = POLL_SECONDS[0], time.monotonic()
                if sent < BATCH:
                    await asyncio.sleep(REST_SECONDS)
                continue
            await self._pause(pause)
            pause = min(pause * 1.5, POLL_SECONDS[1])

    @staticmethod
    async def _take(connection: asyncpg.Connection, held: Sequence[int]) -> list[int]:
        wanted = [part for part in range(PARTITIONS) if part not in held]
        taken = [
            part
            for part in wanted
            if await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", LOCK_SPACE, part)
        ]
        return [*held, *taken]

    async def relay_once(self, connection: asyncpg.Connection, held: Sequence[int]) -> int:
        """Publish one batch; return how many rows were due."""
        rows = await connection.fetch(_DUE, list(held), BATCH)
        _age.set(rows[0]["age"] if rows else 0.0)
        if not rows:
            return 0
        chains: dict[str, list[Any]] = {}
        for row in rows:
            chains.setdefault(row["subject"], []).append(row)
        results = await asyncio.gather(*(self._chain(chain) for chain in chains.values()))
        done = [row_id for ids, _ in results for row_id in ids]
        if done:
            reach(AFTER_CONFIRM)
            await connection.execute(_DONE, done)
            _told.add(len(done))
        for _, refused in results:
            if isinstance(refused, tuple):
                await connection.execute(_LATER, *refused)
        lost = next((refused for _, refused in results if isinstance(refused, Exception)), None)
        if lost is not None:
            raise lost
        return len(rows)

    async def _chain(self, rows: Sequence[Any]) -> tuple[list[int], tuple[int, float, str] | Exception | None]:
        """Publish the rows of one subject in order; stop at the first that fails."""
        done: list[int] = []
        for row in rows:
            event = Outgoing(str(row["event_id"]), row["type"], row["body"], row["traceparent"])
            try:
                await self._publisher.publish(event)
            except Refused as refusal:
                log.error("event_refused", type=event.type, event_id=event.event_id, error=str(refusal))
                delay = random.uniform(0.5, min(300.0, 2.0 ** row["attempts"]) + 0.5)  # noqa: S311  jitter
                return done, (row["id"], delay, str(refusal))
            except LOST as error:
                return done, error
            done.append(row["id"])
        return done, None
