"""The consumer: batches from one queue, acknowledged after the commit; never a nack (reliability.md 3.5)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from opentelemetry import metrics

from chassis.broker import LOST, Backoff, connect
from chassis.events import Incoming, decode
from chassis.inbox import Inbox, passing
from chassis.topology import verify
from chassis.unreadable import Unread, park_unread

PREFETCH = 100
ALONE = 1
BATCH = 50
GATHER_SECONDS, BUSY_GATHER_SECONDS = 0.005, 0.02  # a batch costs a transaction, whatever it holds
BUSY_SECONDS = 0.1  # since the batch before
STUCK_SECONDS = 60
RETRY_SECONDS = 1.0
WATCH_SECONDS = 0.2
SUSPECT_DELIVERIES = 2
log = structlog.get_logger()
_connected = metrics.get_meter("chassis").create_gauge(
    "consumer_connected", description="1 while the queue is consumed"
)


class Consumer:
    """Feeds one Inbox from one queue; a lost broker or database is waited for, a stuck batch ends the process."""

    def __init__(self, url: str, queue: str, inbox: Inbox) -> None:
        self._url = url
        self._queue = queue
        self._inbox = inbox
        self.connected = False
        self._last = 0.0  # when the batch before was taken

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, finishing the batch in hand."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                async with asyncio.timeout(10):
                    connection = await connect(self._url, f"{self._queue}.consume")
                try:
                    await self._consume(connection, stop, backoff)
                finally:
                    self._note(connected=False)
                    with contextlib.suppress(Exception):
                        await connection.close()
            except Stuck:
                raise
            except Exception as error:
                if not (isinstance(error, LOST) or passing(error)):
                    raise
                log.warning("consumer_interrupted", queue=self._queue, error=repr(error))
                await backoff.wait()

    async def _consume(self, connection: AbstractConnection, stop: asyncio.Event, backoff: Backoff) -> None:
        """Take one message at a time until one came that killed nobody, then many: a death counts for all in hand."""
        channel = await connection.channel()
        await verify(channel, self._queue)
        for prefetch in (ALONE, PREFETCH):
            await channel.set_qos(prefetch_count=prefetch)
            await self._drain(connection, channel, prefetch, stop, backoff)

    async def _drain(
        self,
        connection: AbstractConnection,
        channel: AbstractChannel,
        prefetch: int,
        stop: asyncio.Event,
        backoff: Backoff,
    ) -> None:
        """Consume until `stop`; with a prefetch of one only until a message came that is under no suspicion."""
        queue = await channel.get_queue(self._queue, ensure=False)
        waiting: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        tag = await queue.consume(waiting.put)
        self._note(connected=True)
        lost = asyncio.ensure_future(_cut_off(connection, channel, tag))
        trusted = False
        try:
            while not (stop.is_set() or trusted):
                for part in isolate(await self._next(waiting, lost, stop)):
                    await self._apply(part)
                    trusted = prefetch == ALONE and not suspicious(part)
                    if trusted:  # before the ack: as long as it is in hand, no other is on its way to us
                        await queue.cancel(tag)
                    await self._acknowledge(part)
                    backoff.reset()
        finally:
            lost.cancel()
            if not (trusted or channel.is_closed):
                with contextlib.suppress(Exception):
                    await queue.cancel(tag)

    async def _next(
        self, waiting: asyncio.Queue[AbstractIncomingMessage], lost: asyncio.Future[None], stop: asyncio.Event
    ) -> list[AbstractIncomingMessage]:
        """Return what is there, waiting a little after the first; an empty list when asked to stop."""
        batch = []
        if waiting.empty():
            first = await _first(waiting, lost, stop)
            if first is None:
                return []
            batch.append(first)
        if waiting.qsize() < BATCH:
            busy = time.monotonic() - self._last < BUSY_SECONDS
            await asyncio.sleep(BUSY_GATHER_SECONDS if busy else GATHER_SECONDS)
        self._last = time.monotonic()
        batch += [waiting.get_nowait() for _ in range(min(BATCH - len(batch), waiting.qsize()))]
        return batch

    async def _apply(self, batch: Sequence[AbstractIncomingMessage]) -> None:
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                events, unread = read(batch)
                await park_unread(self._inbox.database, self._inbox.consumer, unread)
                if events:
                    await self._inbox.take(events)
        except TimeoutError as error:
            raise Stuck(f"no commit for {STUCK_SECONDS} s") from error

    async def _acknowledge(self, batch: Sequence[AbstractIncomingMessage]) -> None:
        await batch[-1].ack(multiple=True)

    def _note(self, *, connected: bool) -> None:
        self.connected = connected
        _connected.set(1 if connected else 0, {"queue": self._queue})

    async def retry_parked(self, stop: asyncio.Event) -> None:
        """Give parked events their turn every second until `stop`."""
        while not stop.is_set():
            try:
                while await self._inbox.retry_parked():
                    pass
            except Exception as error:
                if not passing(error):
                    raise
                log.warning("retry_interrupted", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_SECONDS)


class Stuck(Exception):
    """A batch did not finish in time; the process ends and another takes over."""


def suspicious(batch: Sequence[AbstractIncomingMessage]) -> bool:
    """Say whether a message came back twice: what killed a process comes back, and all it had in hand."""
    return any(int(str((message.headers or {}).get("x-delivery-count", 0))) >= SUSPECT_DELIVERIES for message in batch)


def isolate(batch: Sequence[AbstractIncomingMessage]) -> list[Sequence[AbstractIncomingMessage]]:
    """Split a batch under suspicion: each alone, so that a killer harms nobody else."""
    if suspicious(batch):
        return [[message] for message in batch]
    return [batch] if batch else []


def read(batch: Sequence[AbstractIncomingMessage]) -> tuple[list[Incoming], list[Unread]]:
    """Return the events, and apart from them what is no event at all."""
    events, unread = [], []
    for message in batch:
        try:
            events.append(decode(message.body))
        except ValueError as error:
            unread.append(Unread(message.body, message.routing_key or "", str(error)))
    return events, unread


async def _first(
    waiting: asyncio.Queue[AbstractIncomingMessage], lost: asyncio.Future[None], stop: asyncio.Event
) -> AbstractIncomingMessage | None:
    """Return the next message; None when asked to stop. Raises ConnectionError when nothing more will come."""
    first = asyncio.ensure_future(waiting.get())
    stopping = asyncio.ensure_future(stop.wait())
    futures: set[asyncio.Future[Any]] = {first, lost, stopping}
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if first.done():
        return first.result()
    first.cancel()
    if lost.done():
        raise ConnectionError("the broker closed the connection")
    return None


async def _cut_off(connection: AbstractConnection, channel: AbstractChannel, tag: str) -> None:
    """Return when nothing more will come: the connection or channel is gone, or the broker cancelled the consumer."""
    underlay: Any = await channel.get_underlay_channel()
    while not (connection.is_closed or channel.is_closed) and tag in underlay.consumers:  # noqa: ASYNC110  no event says all three
        await asyncio.sleep(WATCH_SECONDS)
