"""The dead-letter queue of one service: read without taking, and one letter moved to the parked events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aio_pika.abc import AbstractIncomingMessage, AbstractQueue

from chassis.broker import connect
from chassis.events import Incoming, decode

MOST_SHOWN = 50
MOST_SEARCHED = 2_000


@dataclass(frozen=True)
class DeadLetters:
    """What killed its consumer 20 times. Closing the channel puts back whatever was read and not acknowledged."""

    url: str
    queue: str

    async def peek(self) -> tuple[int, list[Incoming]]:
        """Return how many letters there are, and the first of them."""
        async with self._opened() as letters:
            found = [letter async for _, letter in _read(letters, MOST_SHOWN)]
            return letters.declaration_result.message_count or 0, found

    async def take(self, event_id: str, keep: Callable[[Incoming], Awaitable[None]]) -> bool:
        """Give one letter to `keep`, then forget it; False when there is none of this id."""
        async with self._opened() as letters:
            async for message, letter in _read(letters, MOST_SEARCHED):
                if str(letter.event_id) == event_id:
                    await keep(letter)
                    await message.ack()
                    return True
        return False

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[AbstractQueue]:
        async with await connect(self.url, f"{self.queue}.letters") as connection:
            channel = await connection.channel()
            yield await channel.declare_queue(f"{self.queue}.dlq", passive=True)


async def _read(letters: AbstractQueue, most: int) -> AsyncIterator[tuple[AbstractIncomingMessage, Incoming]]:
    for _ in range(min(most, letters.declaration_result.message_count or 0)):
        message = await letters.get(fail=False, timeout=1)
        if message is None:
            return
        yield message, decode(message.body)
