"""A key told again after a day is answered as the first time; after 35 days it is forgotten and acts anew (X4)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.order.v1.order_pb2 import MoveOrderResponse

from chassis.commands import Commands
from chassis.database import Database, Transaction
from chassis.janitor import sweep
from chassis.principal import Principal
from chassis.principal import current as principal
from chassis.schema import TABLES
from chassis.sql import text
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

_AGE = text("UPDATE idempotency SET created_at = now() - CAST(:age AS interval) WHERE key = 'old'")
_KEYS = text("SELECT key FROM idempotency")


@pytest.mark.parametrize(
    ("age", "effects"), [(timedelta(hours=25), 1), (timedelta(days=34), 1), (timedelta(days=36), 2)]
)
async def test_a_key_is_remembered_for_35_days(databases: TestDatabases, age: timedelta, effects: int) -> None:
    database = Database(await databases.bare(TABLES), "order")
    principal.set(Principal("wang"))
    done: list[str] = []

    async def work(unit: Transaction) -> MoveOrderResponse:
        done.append(unit.actor)
        return MoveOrderResponse()

    async def tell(key: str) -> None:
        context = CommandContext(idempotency_key=key, route="POST /orders", fingerprint="f")
        await Commands(database).run(context, MoveOrderResponse, work)

    async def swept() -> bool:
        async with database.transaction(who="test") as unit:
            return "fence" not in (await unit.execute(_KEYS)).scalars()

    await tell("old")
    await tell("fence")
    async with database.transaction(who="test") as unit:
        await unit.execute(_AGE, {"age": age})
        await unit.execute(text("UPDATE idempotency SET created_at = now() - interval '99 days' WHERE key = 'fence'"))
    done.clear()
    stop = asyncio.Event()
    sweeping = asyncio.create_task(sweep(database, stop))
    await eventually(swept)
    stop.set()
    await sweeping

    await tell("old")

    assert len(done) == effects - 1
    await database.close()
