"""A subscriber of its own, on a queue that outlives the broker's death; it notes order and repeats."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field

import aio_pika

from tests.chaos.leaving import LEAVE_SECONDS, leave
from tests.e2e.stack import Stack

QUEUE = "subscriber.drill"
Subject = tuple[str, str]


@dataclass
class Ears:
    """Hears every event at least once. `late` are first hearings that came after a younger one of their subject."""

    stack: Stack
    ids: set[str] = field(default_factory=set)
    repeats: int = 0
    late: list[str] = field(default_factory=list)
    _heard: dict[Subject, int] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> Ears:
        """Start listening; returns when the queue is bound."""
        self._task = asyncio.create_task(self._listen())
        await asyncio.wait_for(self._ready.wait(), 30)
        return self

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(Exception):
                connection = await aio_pika.connect(self.stack.amqp_url, timeout=5)
                async with connection:
                    await self._consume(connection)
            await asyncio.sleep(0.3)

    async def _consume(self, connection: aio_pika.abc.AbstractConnection) -> None:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=200)
        queue = await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind("orderhub.events", "#")
        self._ready.set()
        async with queue.iterator() as messages:
            async for message in messages:
                with contextlib.suppress(ValueError):  # what is no event is not for us
                    self._note(json.loads(message.body))
                await message.ack()

    def _note(self, event: dict[str, str]) -> None:
        if event["id"] in self.ids:
            self.repeats += 1
            return
        self.ids.add(event["id"])
        subject, sequence = (event["source"], event["subject"]), int(event["sequence"])
        if sequence < self._heard.get(subject, 0):
            self.late.append(f"{subject} {sequence}")
        self._heard[subject] = max(sequence, self._heard.get(subject, 0))

    async def close(self) -> None:
        """Stop listening and take the queue away; a broker that does not answer holds nobody up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=LEAVE_SECONDS)
        await leave("the subscriber's queue", self._forget())

    async def _forget(self) -> None:
        connection = await aio_pika.connect(self.stack.amqp_url, timeout=5)
        async with connection:
            await (await connection.channel()).queue_delete(QUEUE)
