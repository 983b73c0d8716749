"""Another system listening on orderhub.events with a queue of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

LEAVE_SECONDS = 10.0


class Listener:
    """Keeps every event it hears."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.headers: list[dict[str, Any]] = []

    async def open(self, url: str) -> Listener:
        self._connection = await aio_pika.connect(url)
        channel = await self._connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind("orderhub.events", "#")
        await queue.consume(self._hear, no_ack=True)
        return self

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        self.events.append(json.loads(message.body))
        self.headers.append(
            {"content_type": message.content_type, "message_id": message.message_id, **(message.headers or {})}
        )

    def of(self, order: str) -> list[dict[str, Any]]:
        """Return the events whose data names an order."""
        return [event for event in self.events if event["data"].get("order_number") == order]

    def names(self, order: str) -> list[str]:
        """Return the short names of an order's events."""
        return [event["type"].rsplit(".", 1)[1] for event in self.of(order)]

    async def close(self) -> None:
        """Leave; a broker that was killed does not answer, and is not waited for."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._connection.close(), LEAVE_SECONDS)
