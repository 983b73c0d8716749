"""Live changes: one exclusive queue on the exchange, a ring to resume from, one bounded queue per listener."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from chassis.broker import Backoff, connect
from chassis.events import EXCHANGE, decode
from chassis.ids import uuid7
from gateway_service.permissions import DEVICE

RING = 2000
WAITING = 500
KEEP_ALIVE_SECONDS = 15.0
STANDS_SECONDS = 5.0  # with the ten a session is remembered and a quiet 15: gone within 30
CONNECT_SECONDS = 10
FLOOR_ONLY = "orderhub.planning.v1."
RESET = b"event: reset\ndata: {}\n\n"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Change:
    """One event as listeners see it."""

    id: str
    type: str
    order: str
    body: str


@dataclass(frozen=True, slots=True)
class Unread:
    """One event as it came, while nobody listened: read only when somebody comes back and asks what was missed."""

    id: str
    body: bytes


Sight = Callable[[Change], Awaitable[bool]]
Standing = Callable[[], Awaitable[bool]]


@dataclass(eq=False)
class Listener:
    """One open stream; when it can't keep up it is told to load afresh."""

    floor_only: bool = False
    order: str = ""
    sees: Sight | None = None  # asked for each change; None sees all
    stands: Standing | None = None  # whether who listens still may; None for ever
    asked_at: float = field(default_factory=time.monotonic)
    waiting: asyncio.Queue[Change] = field(default_factory=lambda: asyncio.Queue(WAITING))
    behind: bool = False

    def wants(self, change: Change) -> bool:
        """True when the caller may see this change and asked for it."""
        if self.floor_only and not change.type.startswith(FLOOR_ONLY):
            return False
        return not self.order or change.order == self.order

    async def may_see(self, change: Change) -> bool:
        """True when the caller may see whose order this is about."""
        return self.sees is None or await self.sees(change)

    async def may_stay(self) -> bool:
        """True while who listens still may, asked again every few seconds."""
        if self.stands is None or time.monotonic() - self.asked_at < STANDS_SECONDS:
            return True
        self.asked_at = time.monotonic()
        return await self.stands()

    def offer(self, change: Change) -> None:
        """Queue a change; note when there is no room."""
        if not self.wants(change):
            return
        try:
            self.waiting.put_nowait(change)
        except asyncio.QueueFull:
            self.behind = True


def change_of(body: bytes) -> Change:
    """Return an event as a change; raise ValueError when it is none."""
    event = decode(body)
    data: dict[str, Any] = {
        "id": str(event.event_id), "type": event.type, "subject": event.subject,
        "time": event.time.isoformat(timespec="milliseconds"), "actor": event.actor or None, "data": event.data,
    }  # fmt: skip
    order = str(event.data.get("order_number", "") or "")
    return Change(str(event.event_id), event.type, order, json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def readable(body: bytes) -> Change | None:
    """Return an event as a change; None, and a line in the log, when it is none."""
    try:
        return change_of(body)
    except ValueError as error:
        log.warning("stream_unreadable", error=repr(error))
        return None


class Hub:
    """Follows the exchange and hands every change to the open streams; a lost broker is waited for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ring: deque[Change | Unread] = deque(maxlen=RING)
        self._listeners: set[Listener] = set()
        self._closed = asyncio.Event()
        self.connected = False

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`, then end every open stream."""
        backoff = Backoff()
        try:
            while not stop.is_set():
                try:
                    await self._follow(stop, backoff)
                except Exception as error:
                    log.warning("stream_interrupted", error=repr(error))
                    await backoff.wait()
        finally:
            self.close()

    async def _follow(self, stop: asyncio.Event, backoff: Backoff) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await connect(self._url, "gateway.stream")
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._bind(connection)
            backoff.reset()
            self.connected = True
            await _until_closed(connection, stop)
        finally:
            self.connected = False
            with contextlib.suppress(Exception):
                await connection.close()

    async def _bind(self, connection: AbstractConnection) -> None:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=200)
        name = f"gateway.stream.{uuid7()}"
        queue = await channel.declare_queue(name, exclusive=True, auto_delete=True)
        await queue.bind(EXCHANGE, "orderhub.#")
        await queue.consume(self._take, no_ack=True)

    async def _take(self, message: AbstractIncomingMessage) -> None:
        if message.message_id and not self._listeners:
            self._ring.append(Unread(message.message_id, message.body))
        elif (change := readable(message.body)) is not None:
            self.tell(change)

    def tell(self, change: Change) -> None:
        """Keep a change for those who come back and hand it to those who listen."""
        self._ring.append(change)
        for listener in self._listeners:
            listener.offer(change)

    def close(self) -> None:
        """End every open stream."""
        self._closed.set()

    async def listen(
        self, roles: frozenset[str], order: str, last_event_id: str,
        *, sees: Sight | None = None, stands: Standing | None = None,
    ) -> AsyncIterator[bytes]:  # fmt: skip
        """Yield server-sent events: what was missed since `last_event_id`, then what happens, while the caller may hear."""
        listener = Listener(floor_only=roles <= {DEVICE}, order=order, sees=sees, stands=stands)
        self._listeners.add(listener)
        try:
            yield b"retry: 2000\n: ready\n\n"
            missed = self._missed(listener, last_event_id)
            if missed is None:
                yield RESET
            for change in missed or ():
                if await listener.may_see(change):
                    yield written(change)
            async for piece in self._live(listener):
                yield piece
        finally:
            self._listeners.discard(listener)

    def _missed(self, listener: Listener, last_event_id: str) -> list[Change] | None:
        """Return what came since; None when that is no longer known."""
        if not last_event_id:
            return []
        kept = list(self._ring)
        position = next((n for n, change in enumerate(kept) if change.id == last_event_id), None)
        if position is None:
            return None
        read = (readable(one.body) if isinstance(one, Unread) else one for one in kept[position + 1 :])
        return [change for change in read if change is not None and listener.wants(change)]

    async def _live(self, listener: Listener) -> AsyncIterator[bytes]:
        closed: asyncio.Future[Any] = asyncio.ensure_future(self._closed.wait())
        try:
            while not self._closed.is_set() and not listener.behind:
                coming: asyncio.Future[Any] = asyncio.ensure_future(listener.waiting.get())
                done, _ = await asyncio.wait(
                    {coming, closed}, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if not await listener.may_stay():
                    coming.cancel()
                    return
                if coming in done:
                    if await listener.may_see(coming.result()):
                        yield written(coming.result())
                    continue
                coming.cancel()
                if not done:
                    yield b": keep-alive\n\n"
            if listener.behind:
                yield RESET
        finally:
            closed.cancel()


async def _until_closed(connection: AbstractConnection, stop: asyncio.Event) -> None:
    lost: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def note(*_: object) -> None:
        if not lost.done():
            lost.set_result(None)

    connection.close_callbacks.add(note)
    stopping: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
    await asyncio.wait({lost, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


def written(change: Change) -> bytes:
    """Return a change as one server-sent event."""
    return f"id: {change.id}\nevent: change\ndata: {change.body}\n\n".encode()
