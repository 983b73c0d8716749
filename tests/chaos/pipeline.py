"""One producer and one consumer on real servers, with every stage of the road between them: outbox, relay, broker, inbox.

The same account as the drill's, small enough for each mutant to run in a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from orderhub.order.v1.events_pb2 import OrderHeld

from chassis.broker import Publisher
from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.events import Incoming
from chassis.inbox import Inbox
from chassis.relay import Relay
from chassis.sql import text

QUEUE = "planning.events"
EFFECTS = "CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, event_id uuid, subject text, sequence bigint)"
_NOTE = text("INSERT INTO effect (event_id, subject, sequence) VALUES (:id, :subject, :sequence)")


@dataclass
class Pipeline:
    """`failures` makes that many transactions of the consumer break after their work, before their commit."""

    producer: Database
    consumer: Database
    failures: int = 0
    broken: int = field(default=0, init=False)

    async def note(self, event: Incoming, unit: Transaction) -> None:
        """The effect: one row, with no key of its own that would forgive a second one."""
        await unit.execute(_NOTE, {"id": event.event_id, "subject": event.subject, "sequence": event.sequence})
        if self.broken < self.failures:
            self.broken += 1
            raise ConnectionError("the database went away before the commit")

    def inbox(self) -> Inbox:
        return Inbox(self.consumer, QUEUE, {OrderHeld: self.note})

    async def tell(self, subject: str, times: int = 1) -> None:
        async with self.producer.transaction(who="") as unit:
            for _ in range(times):
                unit.publish(subject, OrderHeld(order_number=subject))

    @asynccontextmanager
    async def relaying(self, publisher: Publisher, replicas: int = 1) -> AsyncIterator[None]:
        """Run relays for as long as the block lasts."""
        dsn = self.producer.dsn
        async with _tasks([Relay(dsn, publisher, asyncio.Event()).run for _ in range(replicas)]):
            yield

    @asynccontextmanager
    async def consuming(self, broker: str) -> AsyncIterator[Consumer]:
        """Run the consumer for as long as the block lasts."""
        consumer = Consumer(broker, QUEUE, self.inbox())
        async with _tasks([consumer.run, consumer.retry_parked]):
            yield consumer

    async def waiting(self) -> int:
        """Return how many events the producer still keeps."""
        async with self.producer.read() as connection:
            return int((await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one())

    async def account(self, expected: int) -> dict[str, int]:
        """Return what is missing, applied twice and out of order; all zero is right."""
        async with self.consumer.read() as connection:
            rows = (await connection.execute(text("SELECT event_id, subject, sequence FROM effect ORDER BY n"))).all()
        times = Counter(row.event_id for row in rows)
        return {
            "missing": expected - len(times),
            "applied_twice": sum(count - 1 for count in times.values()),
            "out_of_order": out_of_order([(row.subject, row.sequence) for row in rows]),
        }


RIGHT = {"missing": 0, "applied_twice": 0, "out_of_order": 0}


def out_of_order(seen: list[tuple[str, int]]) -> int:
    """Return how many first sights came after a younger one of their subject."""
    highest: dict[str, int] = {}
    late = 0
    for subject, sequence in dict.fromkeys(seen):
        late += sequence < highest.get(subject, 0)
        highest[subject] = max(sequence, highest.get(subject, 0))
    return late


@asynccontextmanager
async def _tasks(loops: list) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = [asyncio.create_task(loop(stop)) for loop in loops]
    try:
        yield
    finally:
        stop.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*running), 10)
