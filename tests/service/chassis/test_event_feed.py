"""Other systems catch up from the log: nothing is passed over, whatever the order transactions end in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.common.v1 import event_feed_pb2 as pb
from orderhub.order.v1.events_pb2 import OrderHeld, OrderResumed

from chassis.database import Database
from chassis.event_feed import EventFeed
from chassis.events import Incoming, decode
from chassis.relay import Relay
from chassis.schema import TABLES
from chassis.testing import MemoryPublisher
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

LOGGED = """
INSERT INTO event_log (id, event_id, subject, sequence, type, body, traceparent, occurred_at, published_at)
VALUES ($1, gen_random_uuid(), $2, $1, 'orderhub.order.v1.OrderHeld', $3, '', now(), now())
"""


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "order")
    yield opened
    await opened.close()


async def opened(database: Database) -> asyncpg.Connection:
    return await asyncpg.connect(database.dsn)


async def ask(database: Database, after: pb.FeedPosition | None = None, **asked: Any) -> pb.ListEventsResponse:
    return await EventFeed(database).ListEvents(pb.ListEventsRequest(after=after, **{"limit": 100, **asked}), None)


class Reader:
    """Another system that asks again and again from where it was."""

    def __init__(self, database: Database, limit: int = 100) -> None:
        self._database, self._limit, self.after = database, limit, pb.FeedPosition()
        self.bodies: list[bytes] = []

    async def look(self) -> None:
        answer = await ask(self._database, self.after, limit=self._limit)
        self.bodies += [event.body for event in answer.events]
        self.after = answer.through

    async def until(self, count: int) -> Sequence[bytes]:
        async def there() -> bool:
            await self.look()
            return len(self.bodies) >= count

        await eventually(there)
        return self.bodies


async def test_an_event_of_an_older_transaction_that_ends_later_is_not_lost(database: Database) -> None:
    reader = Reader(database)
    slow, quick = await opened(database), await opened(database)
    late = slow.transaction()
    await late.start()
    await slow.execute(LOGGED, 1, "orders/SO1", b"first")  # takes its number and does not commit
    await quick.execute(LOGGED, 2, "orders/SO2", b"second")

    await reader.look()
    before = list(reader.bodies)
    await late.commit()

    assert before == []
    assert await reader.until(2) == [b"first", b"second"]
    await slow.close()
    await quick.close()


async def test_writers_that_overlap_anyhow_are_all_read_once_and_in_order_of_their_subject(database: Database) -> None:
    reader, numbers = Reader(database, limit=7), iter(range(1, 10_000))

    async def write(subject: str) -> None:
        connection = await opened(database)
        for n in range(25):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(LOGGED, next(numbers), subject, f"{subject} {n}".encode())
            await asyncio.sleep(0)  # the others go on in between
            await (transaction.rollback() if n % 10 == 9 else transaction.commit())
        await connection.close()

    writing = asyncio.gather(*(write(f"orders/SO{n}") for n in range(6)))
    while not writing.done():
        await reader.look()
    told = [body.decode().split() for body in await reader.until(6 * 23)]

    assert len(told) == len({tuple(entry) for entry in told}) == 6 * 23
    for subject in {entry[0] for entry in told}:
        mine = [int(n) for name, n in told if name == subject]
        assert mine == sorted(mine)


async def relayed(database: Database, wanted: int) -> MemoryPublisher:
    publisher, stop = MemoryPublisher(), asyncio.Event()
    dsn = database.dsn
    running = asyncio.create_task(Relay(dsn, publisher, asyncio.Event()).run(stop))

    async def all_there() -> bool:
        return len(publisher.events) >= wanted

    await eventually(all_there)
    stop.set()
    await asyncio.wait_for(running, 10)
    return publisher


def read(bodies: Sequence[bytes]) -> list[Incoming]:
    return [decode(body) for body in bodies]


async def test_what_is_read_is_byte_for_byte_what_went_over_the_exchange(database: Database) -> None:
    for message in (OrderHeld(order_number="SO1"), OrderResumed(order_number="SO1"), OrderHeld(order_number="SO2")):
        async with database.transaction(who="wang") as unit:
            unit.publish(f"orders/{message.order_number}", message)
    publisher = await relayed(database, 3)

    found = read(await Reader(database).until(3))

    assert {event.body for event in found} == {event.body for event in publisher.events}
    assert [event.sequence for event in found if event.subject == "orders/SO1"] == [1, 2]


async def test_filters_pass_over_for_good_and_the_page_says_when_more_waits(database: Database) -> None:
    for n in range(5):
        async with database.transaction(who="wang") as unit:
            unit.publish(f"orders/SO{n}", OrderHeld(order_number=f"SO{n}"))
            unit.publish(f"orders/SO{n}", OrderResumed(order_number=f"SO{n}"))
    await relayed(database, 10)
    await Reader(database).until(10)
    held = {"types": ["orderhub.order.v1.OrderHeld"]}

    first = await ask(database, limit=3, **held)
    rest = await ask(database, first.through, limit=3, **held)

    assert (len(first.events), first.more, len(rest.events), rest.more) == (3, True, 2, False)
    assert {event.type for event in read([e.body for e in (*first.events, *rest.events)])} == set(held["types"])
    assert len((await ask(database, subject="orders/SO3")).events) == 2
    assert (await ask(database, rest.through)).events == []
    later = Timestamp()
    later.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
    assert (await ask(database, since=later)).events == []
