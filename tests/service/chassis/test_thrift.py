"""Connections a burst opened are closed when nobody needed them for a while; looks share one; work goes on."""

from __future__ import annotations

import asyncio

import pytest
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis import database as chassis_database
from chassis import relay as chassis_relay
from chassis.database import Database
from chassis.relay import Relay
from chassis.schema import TABLES
from chassis.sql import text
from chassis.testing import MemoryPublisher
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

SIZE = 6
_OPEN = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'order' AND datname = current_database()")

_RELAYS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'relay' AND datname = current_database()"
)


async def burst(database: Database) -> int:
    """Use several connections at once; return how many are open meanwhile."""
    together = asyncio.Barrier(SIZE)

    async def one() -> int:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
            await together.wait()
            return int((await connection.execute(_OPEN)).scalar_one())

    return max(await asyncio.gather(*(one() for _ in range(SIZE))))


async def test_what_a_burst_opened_is_closed_when_it_stays_idle(
    databases: TestDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis_database, "IDLE_SECONDS", 0.2)
    url = await databases.bare(TABLES)
    database, onlooker = Database(url, "order"), Database(url, "order")

    assert await burst(database) == SIZE

    async def few() -> bool:
        async with onlooker.read() as connection:
            return int((await connection.execute(_OPEN)).scalar_one()) == 1

    await eventually(few)
    assert await burst(database) >= SIZE
    await database.close()
    await onlooker.close()


async def test_looks_that_come_together_take_turns_with_one_connection(
    databases: TestDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis_database, "TURN_SECONDS", 5)
    database = Database(await databases.bare(TABLES), "order")
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))

    async def look() -> int:
        async with database.read(patient=True) as connection:
            return int((await connection.execute(_OPEN)).scalar_one())

    assert max(await asyncio.gather(*(look() for _ in range(SIZE)))) == 1
    await database.close()


async def test_a_look_does_not_wait_long_for_somebody_who_keeps_the_connection(databases: TestDatabases) -> None:
    database = Database(await databases.bare(TABLES), "order")
    async with database.read(), asyncio.timeout(5), database.read(patient=True) as connection:
        assert (await connection.execute(_OPEN)).scalar_one() == 2
    await database.close()


async def test_a_quiet_relay_gives_its_session_back_and_tells_the_next_event_all_the_same(
    databases: TestDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis_relay, "QUIET_SECONDS", 0.2)
    database = Database(await databases.bare(TABLES), "order")
    publisher, stop = MemoryPublisher(), asyncio.Event()
    relay = Relay(database.dsn, publisher, database.committed, database.owes_events)

    async def tell() -> None:
        async with database.transaction(who="") as unit:
            unit.publish("orders/1", OrderHeld())

    async def sessions(wanted: int) -> bool:
        async with database.read() as connection:
            return bool((await connection.execute(_RELAYS)).scalar_one() == wanted)

    async def told(wanted: int) -> bool:
        return len(publisher.events) == wanted

    running = asyncio.create_task(relay.run(stop))
    for number in (1, 2):
        await tell()
        await eventually(lambda number=number: told(number))
        await eventually(lambda: sessions(0))
    stop.set()
    await running
    await database.close()
