"""The real broker: confirms, no silent loss, and a consumer that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aio_pika
import pytest
import pytest_asyncio
from orderhub.notify.v1.events_pb2 import NotificationExhausted, NotificationSent
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis.broker import Outgoing, Publisher, RabbitPublisher, Refused
from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.events import Incoming
from chassis.inbox import Inbox
from chassis.schema import TABLES
from chassis.testing import MemoryPublisher
from chassis.topology import declare
from tests.support.events import incoming
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

SUBJECT = "orders/SO20261122-0001"


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "planning")
    yield opened
    await opened.close()


def outgoing(event: Incoming) -> Outgoing:
    return Outgoing(str(event.event_id), event.type, event.body, event.traceparent)


@pytest_asyncio.fixture(params=["memory", "rabbit"])
async def publisher(request: pytest.FixtureRequest, broker: str) -> AsyncIterator[Publisher]:
    made: Publisher = MemoryPublisher() if request.param == "memory" else RabbitPublisher(broker, "order")
    yield made
    await made.close()


async def test_a_routable_event_is_confirmed(publisher: Publisher) -> None:
    await publisher.publish(outgoing(incoming("order", SUBJECT, 1, OrderHeld())))


async def test_an_event_without_a_queue_is_refused_not_lost(broker: str) -> None:
    publisher = RabbitPublisher(broker, "order")
    event = outgoing(incoming("order", SUBJECT, 1, OrderHeld()))

    with pytest.raises(Refused):
        await publisher.publish(Outgoing(event.event_id, "elsewhere.v1.Nothing", event.body, ""))

    await publisher.close()


async def test_a_consumer_applies_what_arrives_and_survives_a_lost_connection(broker: str, database: Database) -> None:
    seen: list[int] = []

    async def note(event: Incoming, unit: Transaction) -> None:
        seen.append(event.sequence)

    stop = asyncio.Event()
    consumer = Consumer(broker, "planning.events", Inbox(database, "planning.events", {OrderHeld: note}))
    running = asyncio.create_task(consumer.run(stop))
    publisher = RabbitPublisher(broker, "order")

    async def connected() -> bool:
        return consumer.connected

    async def has_seen(wanted: list[int]) -> bool:
        return seen == wanted

    await eventually(connected)
    await publisher.publish(outgoing(incoming("order", SUBJECT, 1, OrderHeld())))
    await eventually(lambda: has_seen([1]))

    other = await aio_pika.connect(broker)
    channel = await other.channel()
    await channel.queue_delete("planning.events")
    await eventually(lambda: _not(connected))
    await declare(channel)
    await other.close()
    await eventually(connected, within=20)
    await publisher.publish(outgoing(incoming("order", SUBJECT, 2, OrderHeld())))
    await eventually(lambda: has_seen([1, 2]))

    stop.set()
    await asyncio.wait_for(running, 10)
    await publisher.close()


async def _not(probe: object) -> bool:
    return not await probe()  # type: ignore[operator]


async def test_notify_is_not_told_of_its_own_messages_and_an_earlier_binding_is_taken_away(broker: str) -> None:
    """A message about every message would not end; with no screen open nobody keeps it, and it is not an error."""
    connection = await aio_pika.connect(broker)
    channel = await connection.channel()
    queue = await channel.get_queue("notify.events", ensure=False)
    await queue.bind("orderhub.events", "orderhub.#")

    await declare(channel)
    await declare(channel)
    publisher = RabbitPublisher(broker, "notify")
    await publisher.publish(outgoing(incoming("notify", "notifications/1", 1, NotificationSent())))
    await publisher.publish(outgoing(incoming("notify", "notifications/2", 1, NotificationExhausted())))

    async def only_the_exhausted() -> bool:
        found = await channel.declare_queue("notify.events", passive=True)
        return found.declaration_result.message_count == 1

    await eventually(only_the_exhausted)
    await publisher.close()
    await connection.close()


async def test_an_event_names_its_login_and_no_other_login_can_be_named(broker: str) -> None:
    """The broker checks the name against the login that publishes, so that a consumer may believe it."""
    connection = await aio_pika.connect(broker)
    channel = await connection.channel()
    exchange = await channel.get_exchange("orderhub.events", ensure=False)
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(exchange, "orderhub.order.v1.#")
    publisher = RabbitPublisher(broker, "order")
    await publisher.publish(outgoing(incoming("order", SUBJECT, 1, OrderHeld())))

    heard = await queue.get(timeout=10)
    assert heard is not None
    assert heard.user_id == urlsplit(broker).username
    with pytest.raises(aio_pika.exceptions.AMQPError):
        await exchange.publish(aio_pika.Message(b"{}", user_id="somebody-else"), "orderhub.order.v1.OrderHeld")
    await publisher.close()
    await connection.close()
