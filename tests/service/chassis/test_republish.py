"""What was told can be told again when the broker has lost its data; and the relay outlives a torn connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis.database import Database, Transaction, is_transient
from chassis.events import Incoming
from chassis.inbox import Inbox
from chassis.relay import Relay
from chassis.republish import instant, republish
from chassis.schema import TABLES
from chassis.testing import MemoryPublisher
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "order")
    yield opened
    await opened.close()


def dsn_of(database: Database) -> str:
    return database.dsn


async def tell(database: Database, subject: str, times: int) -> None:
    for _ in range(times):
        async with database.transaction(who="wang") as unit:
            unit.publish(subject, OrderHeld(order_number=subject))


async def relayed(database: Database, publisher: MemoryPublisher, wanted: int) -> None:
    """Run a whole relay until the publisher has `wanted` events."""
    stop = asyncio.Event()
    running = asyncio.create_task(Relay(dsn_of(database), publisher, asyncio.Event()).run(stop))

    async def all_there() -> bool:
        return len(publisher.events) >= wanted

    await eventually(all_there)
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_events_told_again_are_the_same_in_the_same_order_and_have_no_second_effect(database: Database) -> None:
    seen: list[tuple[str, int]] = []

    async def note(event: Incoming, unit: Transaction) -> None:
        seen.append((event.subject, event.sequence))

    first, again = MemoryPublisher(), MemoryPublisher()
    for subject in ("orders/a", "orders/b", "orders/a"):
        await tell(database, subject, 2)
    await relayed(database, first, 6)
    box = Inbox(database, "planning.events", {OrderHeld: note})
    await box.take(first.events[:3])  # the broker died with the other half in hand

    told = await republish(dsn_of(database), again, datetime.now(UTC) - timedelta(hours=1))
    await box.take(again.events)

    assert told == 6
    assert {event.event_id for event in again.events} == {event.event_id for event in first.events}
    by_subject = {s: [e.sequence for e in again.events if e.subject == s] for s in ("orders/a", "orders/b")}
    assert by_subject == {"orders/a": [1, 2, 3, 4], "orders/b": [1, 2]}
    assert sorted(seen) == sorted((event.subject, event.sequence) for event in first.events)


async def test_only_what_occurred_since_the_instant_is_told_again(database: Database) -> None:
    publisher, again = MemoryPublisher(), MemoryPublisher()
    await tell(database, "orders/a", 1)
    between = datetime.now(UTC)
    await tell(database, "orders/a", 1)
    await relayed(database, publisher, 2)

    await republish(dsn_of(database), again, between)

    assert [event.sequence for event in again.events] == [2]


@pytest.mark.parametrize("text", ["yesterday", "2026-11-22", "2026-11-22T10:00:00"])
def test_a_time_without_an_offset_names_no_instant(text: str) -> None:
    with pytest.raises(ValueError):
        instant(text)


async def test_the_relay_outlives_a_connection_torn_in_mid_word(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = [asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")]
    whole = Relay.relay_once

    async def tear_once(self: Relay, *arguments: object) -> int:
        if torn:
            raise torn.pop()
        return await whole(self, *arguments)

    monkeypatch.setattr(Relay, "relay_once", tear_once)
    publisher = MemoryPublisher()
    await tell(database, "orders/a", 1)

    await relayed(database, publisher, 1)

    assert torn == []
    assert is_transient(asyncpg.InternalClientError("torn"))
