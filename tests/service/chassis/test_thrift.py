"""Connections a burst opened are closed when nobody needed them for a while; work goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from chassis import thrift
from chassis.database import Database
from chassis.schema import TABLES
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "order")
    yield opened
    await opened.close()


async def burst(database: Database, size: int = 6) -> None:
    together = asyncio.Barrier(size)

    async def one() -> None:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
            await together.wait()

    await asyncio.gather(*(one() for _ in range(size)))


async def opened(database: Database) -> int:
    async with database.read() as connection:
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        return int((await connection.execute(text(count))).scalar_one())


async def test_what_a_burst_opened_is_closed_when_it_stays_idle(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thrift, "LOOK_SECONDS", 0.02)
    await burst(database)
    assert await opened(database) == 6
    stop = asyncio.Event()
    keeping = asyncio.create_task(thrift.keep_small(database.engine, stop))

    async def few() -> bool:
        return thrift.idle_connections(database.engine) == 1

    await eventually(few)
    stop.set()
    await keeping

    assert await opened(database) == 1
    await burst(database)
    assert thrift.idle_connections(database.engine) == 6


async def test_fewer_are_closed_when_fewer_are_idle(database: Database) -> None:
    await burst(database, 3)

    await thrift.close_spare(database.engine, 9)

    assert thrift.idle_connections(database.engine) == 0
    await burst(database, 3)
    assert thrift.idle_connections(database.engine) == 3
