"""A message that is no event is kept for a person; it holds nobody up and is dropped by nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aio_pika
import pytest
import pytest_asyncio
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis import events, unreadable
from chassis.broker import Outgoing, RabbitPublisher
from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.events import Incoming, decode
from chassis.inbox import Inbox
from chassis.parked import Parked
from chassis.schema import TABLES
from chassis.sql import text
from chassis.unreadable import Unread, park_unread
from tests.support.events import incoming
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

QUEUE, KEY, SUBJECT = "planning.events", "orderhub.order.v1.OrderHeld", "orders/SO1"


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "planning")
    yield opened
    await opened.close()


async def parked(database: Database) -> list[tuple[str, bool, bytes, int]]:
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT reason, dead, body, attempts FROM parked ORDER BY parked_at"))
        return [tuple(row) for row in rows]


def inbox(database: Database, seen: list[int]) -> Inbox:
    async def note(event: Incoming, unit: Transaction) -> None:
        seen.append(event.sequence)

    return Inbox(database, QUEUE, {OrderHeld: note})


async def replay(database: Database, event_id: str) -> None:
    async with database.transaction(who="root") as unit:
        await Parked(database, QUEUE).replay(unit, event_id)


async def test_what_is_no_event_is_kept_with_its_bytes_and_the_next_is_applied(broker: str, database: Database) -> None:
    seen: list[int] = []
    connection = await aio_pika.connect(broker)
    exchange = await (await connection.channel()).get_exchange("orderhub.events", ensure=False)
    for _ in range(2):
        await exchange.publish(aio_pika.Message(b"\xff not json"), KEY)
    await connection.close()
    publisher, event = RabbitPublisher(broker, "order"), incoming("order", SUBJECT, 1, OrderHeld())
    await publisher.publish(Outgoing(str(event.event_id), event.type, event.body, event.traceparent))
    stop = asyncio.Event()
    running = asyncio.create_task(Consumer(broker, QUEUE, inbox(database, seen)).run(stop))

    async def has_seen() -> bool:
        return seen == [1]

    await eventually(has_seen)
    stop.set()
    await asyncio.wait_for(running, 10)
    await publisher.close()

    assert await parked(database) == [("unreadable", True, b"\xff not json", 0)]


async def test_replayed_too_early_it_is_given_up_again_and_stops_nobody(database: Database) -> None:
    message, seen = Unread(b"\xff not json", KEY, "no"), list[int]()
    await park_unread(database, QUEUE, [message, message])
    await replay(database, str(message.id))

    assert await inbox(database, seen).retry_parked() == 0
    assert await parked(database) == [("unreadable", True, b"\xff not json", 1)]
    assert seen == []


async def test_replayed_when_the_code_knows_it_its_effect_comes_in_its_place(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    first, second, third = (incoming("order", SUBJECT, n, OrderHeld()) for n in (1, 2, 3))
    told = json.loads(second.body)
    message = Unread(json.dumps({**told, "seq": told.pop("sequence")}).encode(), KEY, "no sequence")
    reception = inbox(database, seen)
    await park_unread(database, QUEUE, [message])
    await reception.take([first])
    await reception.take([third])  # its successor waits for it

    def newer(body: bytes) -> Incoming:
        said = json.loads(body)
        return decode(json.dumps({**said, "sequence": said.get("seq", said.get("sequence"))}).encode())

    monkeypatch.setattr(unreadable, "decode", newer)
    await replay(database, str(message.id))

    async def all_seen() -> bool:
        await reception.retry_parked()
        return seen == [1, 2, 3]

    await eventually(all_seen)
    assert await parked(database) == []


async def test_a_person_may_give_it_up_for_good_with_a_reason(database: Database) -> None:
    message = Unread(b"{}", KEY, "no id")
    await park_unread(database, QUEUE, [message])

    async with database.transaction(who="root") as unit:
        await Parked(database, QUEUE).discard(unit, str(message.id), "sent by mistake")

    assert [row[:2] for row in await parked(database)] == [("discarded", True)]


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"id": 5}', b"[" * 200_000, b'{"id": "x"}', b"\xff\xfe", b"null"])
def test_whatever_it_is_it_is_unreadable_and_nothing_worse(body: bytes) -> None:
    with pytest.raises(ValueError, match="not an event"):
        events.decode(body)
