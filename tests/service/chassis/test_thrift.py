"""Connections a burst opened are closed when nobody needed them for a while; work goes on."""

from __future__ import annotations

import asyncio

import pytest

from chassis import database as chassis_database
from chassis.database import Database
from chassis.schema import TABLES
from chassis.sql import text
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

SIZE = 6
_OPEN = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")


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
