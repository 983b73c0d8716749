"""37: every command leaves a row in its own transaction, and a row changed, removed or slipped in afterwards is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.order.v1.events_pb2 import OrderHeld
from orderhub.order.v1.order_pb2 import MoveOrderResponse

from chassis import audit, principal
from chassis.commands import Commands
from chassis.database import Database, Transaction
from chassis.principal import Principal
from chassis.schema import TABLES
from chassis.sql import text
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

KEY = b"k" * 32
WANG = Principal("wang", "user", frozenset({"sales", "clerk"}))


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "order")
    principal.current.set(WANG)
    yield opened
    await opened.close()


def command(key: str = "k1", **said: str) -> CommandContext:
    return CommandContext(
        **{"idempotency_key": key, "route": "POST /orders/{order}:hold", "fingerprint": "f", "object": "SO1", **said}
    )


async def hold(database: Database, context: CommandContext, *, fail: bool = False) -> None:
    async def work(unit: Transaction) -> MoveOrderResponse:
        unit.publish("orders/SO1", OrderHeld(order_number="SO1"))
        if fail:
            raise LookupError("refused")
        return MoveOrderResponse()

    await Commands(database).run(context, MoveOrderResponse, work)


async def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_a_command_says_who_did_what_to_which_and_why(database: Database) -> None:
    await hold(database, command(reason="等料"))

    said = await rows(
        database, "SELECT actor, kind, roles, action, object, subjects, reason, key, cardinality(events) FROM audit_log"
    )
    assert said == [
        ("wang", "user", ["clerk", "sales"], "POST /orders/{order}:hold", "SO1", ["orders/SO1"], "等料", "k1", 1)
    ]
    assert await rows(database, "SELECT event_id FROM outbox") == await rows(
        database, "SELECT events[1] FROM audit_log"
    )


async def test_a_command_without_a_key_is_noted_too(database: Database) -> None:
    await hold(database, command(key="", route="PATCH /orders/{order}"))

    assert await rows(database, "SELECT action, key FROM audit_log") == [("PATCH /orders/{order}", "")]


async def test_repeated_and_refused_commands_leave_no_row(database: Database) -> None:
    await hold(database, command())
    await hold(database, command())
    with pytest.raises(LookupError):
        await hold(database, command("k2"), fail=True)

    assert await rows(database, "SELECT key FROM audit_log") == [("k1",)]


async def test_a_device_is_named(database: Database) -> None:
    principal.current.set(Principal("device:gun-1", "device", frozenset({"device"})))

    await hold(database, command())

    assert await rows(database, "SELECT actor, kind FROM audit_log") == [("device:gun-1", "device")]


async def seal_all(database: Database, rows_in_all: int, key: bytes = KEY) -> None:
    """Seal until so many rows are sealed; anybody's open transaction on the server holds sealing up."""

    async def done() -> bool:
        await audit.seal_once(database, key)
        ((sealed,),) = await rows(database, "SELECT coalesce(sum(cardinality(ids)), 0) FROM audit_seal")
        return sealed == rows_in_all

    await eventually(done, within=90)


TAMPERED = {
    "UPDATE audit_log SET reason = 'because' WHERE id = 2": "row 2 was changed",
    "UPDATE audit_log SET actor = 'li' WHERE id = 2": "row 2 was changed",
    "DELETE FROM audit_log WHERE id = 2": "row 2 was deleted",
    "DELETE FROM audit_log WHERE id = 3": "row 3 was deleted",
    "INSERT INTO audit_log OVERRIDING SYSTEM VALUE SELECT 99, xid, at, 'li', kind, roles, action, object, subjects, events, "
    "reason, key, fingerprint, trace_id FROM audit_log WHERE id = 2": "row 99 was inserted",
    "UPDATE audit_seal SET digests[1] = '' WHERE number = 1": "seal 1 was changed, or one before it is missing",
    "DELETE FROM audit_seal WHERE number = 1": "seal 2 was changed, or one before it is missing",
}


@pytest.mark.parametrize("tampering", TAMPERED)
async def test_what_was_done_to_sealed_rows_is_named(database: Database, tampering: str) -> None:
    for n in range(3):
        await hold(database, command(f"k{n}"))
        await seal_all(database, n + 1)
    assert await audit.verify(database, KEY) == []

    owner = await asyncpg.connect(database.dsn)
    await owner.execute(tampering)
    await owner.close()

    assert TAMPERED[tampering] in await audit.verify(database, KEY)


async def test_who_has_no_key_can_make_no_seal(database: Database) -> None:
    await hold(database, command())
    await seal_all(database, 1, b"another key")

    assert await audit.verify(database, KEY) == ["seal 1 was changed, or one before it is missing"]


async def test_writers_and_sealers_at_once_leave_nothing_out(database: Database) -> None:
    done = asyncio.Event()

    async def sealing() -> None:
        while not done.is_set():
            await audit.seal_once(database, KEY)

    async def writing(who: int) -> None:
        for n in range(10):
            await hold(database, command(f"{who}-{n}"))

    sealers = [asyncio.create_task(sealing()) for _ in range(2)]
    await asyncio.gather(*(writing(who) for who in range(4)))
    done.set()
    await asyncio.gather(*sealers)

    await seal_all(database, 40)
    assert await audit.verify(database, KEY) == []


async def test_a_transaction_still_open_is_sealed_when_it_is_over(database: Database) -> None:
    async with database.transaction(who="slow") as unit:
        await audit.note(unit, command())
        await hold(database, command("fast"))
        assert await audit.seal_once(database, KEY) == 0  # the fast one is younger than the open one

    await seal_all(database, 2)
    assert await audit.verify(database, KEY) == []


async def test_the_job_seals_while_it_runs(database: Database) -> None:
    await hold(database, command())
    stop = asyncio.Event()
    stop.set()

    async def sealed() -> bool:
        await audit.seal(database, KEY, stop)  # a last time when asked to stop
        return await rows(database, "SELECT number FROM audit_seal") == [(1,)]

    await eventually(sealed, within=90)
