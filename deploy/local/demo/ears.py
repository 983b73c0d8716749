"""A subscriber as any other system would be: its own exclusive queue on the event exchange, heard in the background."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

Event = dict[str, Any]
DEADLINE_S = 10.0


class Ears:
    """Keeps every event heard while it is open."""

    def __init__(self, url: str, exchange: str) -> None:
        self._url, self._exchange = url, exchange
        self._events: list[Event] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(DEADLINE_S)
        return self

    async def _open(self) -> None:
        self._connection = await aio_pika.connect(self._url, timeout=DEADLINE_S)
        channel = await self._connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(self._exchange, "#")
        await queue.consume(self._hear, no_ack=True)

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        self._events.append(json.loads(message.body))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._connection.close(), self._loop).result(DEADLINE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_S)

    def of(self, number: str) -> list[Event]:
        """Return the events whose data names the order, in the order they came."""
        return [event for event in list(self._events) if number and event["data"].get("order_number") == number]

    def names(self, number: str) -> list[str]:
        """Return the names of those events, without their packages."""
        return [event["type"].rsplit(".", 1)[-1] for event in self.of(number)]

    def wait(self, missing: Callable[[], list[str]]) -> list[str]:
        """Return what is still missing after the deadline; empty as soon as nothing is."""
        deadline = time.monotonic() + DEADLINE_S
        while (left := missing()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left
