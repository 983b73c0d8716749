"""Events leave with their cause, arrive once, in order; what can't be applied waits and is never dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.order.v1.events_pb2 import OrderCancelled, OrderConfirmed, OrderHeld
from orderhub.order.v1.order_pb2 import MoveOrderResponse

from chassis.commands import Commands
from chassis.database import Database, Transaction
from chassis.errors import KeyBusy, KeyReused
from chassis.events import Incoming
from chassis.inbox import Inbox
from chassis.notes import Notes
from chassis.notes import current as notes
from chassis.principal import Principal
from chassis.principal import current as principal
from chassis.relay import Relay
from chassis.schema import TABLES
from chassis.sql import text
from chassis.testing import MemoryPublisher
from tests.support.events import TRACE, incoming
from tests.support.postgres import TestDatabases

SUBJECT = "orders/SO20261122-0001"


@pytest_asyncio.fixture
async def database(databases: TestDatabases) -> AsyncIterator[Database]:
    opened = Database(await databases.bare(TABLES), "order")
    yield opened
    await opened.close()


@pytest.fixture
def held() -> OrderHeld:
    return OrderHeld(order_number="SO20261122-0001", reason="why")


class Log:
    """A handler that writes down what it is given, and can be told to fail."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.failing: set[tuple[str, int]] = set()

    async def __call__(self, event: Incoming, unit: Transaction) -> None:
        if (event.subject, event.sequence) in self.failing:
            raise ValueError(f"can't apply {event.sequence}")
        self.seen.append(event.sequence)


def inbox(database: Database, log: Log) -> Inbox:
    return Inbox(database, "planning.events", {OrderHeld: log})


async def relay(database: Database, publisher: MemoryPublisher) -> int:
    relaying = Relay("", publisher, asyncio.Event())
    connection = await asyncpg.connect(database.dsn)
    try:
        return await relaying.relay_once(connection, [0, 1, 2, 3])
    finally:
        await connection.close()


async def publish(database: Database, *messages: Message, subject: str = SUBJECT) -> None:
    async with database.transaction(who="wang") as unit:
        for message in messages:
            unit.publish(subject, message, trace=TRACE)


async def count(database: Database, table: str) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_what_waits_for_a_commit_is_done_after_it_and_never_without_one(database: Database) -> None:
    done: list[str] = []
    async with database.transaction(who="x") as unit:
        unit.after_commit(lambda: done.append("committed"))
        assert done == []
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(who="x") as unit:
            unit.after_commit(lambda: done.append("rolled back"))
            raise ZeroDivisionError

    assert done == ["committed"]


async def test_events_of_a_subject_are_numbered_without_gaps_and_relayed_in_order(
    database: Database, held: OrderHeld
) -> None:
    publisher = MemoryPublisher()
    await publish(database, held, OrderConfirmed())
    await publish(database, OrderCancelled())

    await relay(database, publisher)

    assert [event.sequence for event in publisher.events] == [1, 2, 3]
    assert {event.traceparent.split("-")[1] for event in publisher.events} == {TRACE.split("-")[1]}
    assert publisher.events[0].actor == "wang"
    assert (await count(database, "outbox"), await count(database, "event_log")) == (0, 3)


async def test_a_rolled_back_transaction_tells_nothing_and_leaves_no_gap(database: Database, held: OrderHeld) -> None:
    publisher = MemoryPublisher()
    with pytest.raises(RuntimeError):
        async with database.transaction(who="") as unit:
            unit.publish(SUBJECT, held)
            raise RuntimeError
    await publish(database, held)

    await relay(database, publisher)

    assert [event.sequence for event in publisher.events] == [1]


async def test_while_the_broker_is_away_events_wait(database: Database, held: OrderHeld) -> None:
    publisher = MemoryPublisher(away=True)
    await publish(database, held)
    with pytest.raises(ConnectionError):
        await relay(database, publisher)
    publisher.away = False

    await relay(database, publisher)

    assert len(publisher.events) == 1


async def test_a_refused_event_holds_back_its_own_subject_only(database: Database, held: OrderHeld) -> None:
    publisher = MemoryPublisher(refused_types={"orderhub.order.v1.OrderCancelled"})
    await publish(database, OrderCancelled(), held)
    await publish(database, held, subject="orders/other")

    await relay(database, publisher)
    await relay(database, publisher)

    assert [event.subject for event in publisher.events] == ["orders/other"]
    assert await count(database, "outbox") == 2


async def test_an_event_that_comes_twice_has_its_effect_once(database: Database, held: OrderHeld) -> None:
    log = Log()
    event = incoming("order", SUBJECT, 1, held)

    await inbox(database, log).take([event, event])
    await inbox(database, log).take([event])

    assert log.seen == [1]


async def test_events_out_of_order_end_in_order(database: Database, held: OrderHeld) -> None:
    log = Log()
    box = inbox(database, log)
    first, second, third = (incoming("order", SUBJECT, n, held) for n in (1, 2, 3))

    await box.take([first])
    await box.take([third])
    await box.take([second])
    while await box.retry_parked():
        pass

    assert log.seen == [1, 2, 3]
    assert await count(database, "parked") == 0


async def test_an_unknown_subject_starts_at_first_sight_after_a_grace(database: Database, held: OrderHeld) -> None:
    log = Log()
    box = inbox(database, log)
    await box.take([incoming("order", SUBJECT, 8, held), incoming("order", SUBJECT, 7, held)])
    assert log.seen == []
    async with database.transaction(who="") as unit:
        await unit.execute(text("UPDATE parked SET parked_at = parked_at - interval '1 minute', next_at = now()"))

    await box.retry_parked()

    assert log.seen == [7, 8]


async def test_a_failing_event_is_parked_holds_its_subject_and_harms_nobody_else(
    database: Database, held: OrderHeld
) -> None:
    log = Log()
    log.failing = {(SUBJECT, 1)}
    box = inbox(database, log)
    await box.take(
        [
            incoming("order", SUBJECT, 1, held),
            incoming("order", SUBJECT, 2, held),
            incoming("order", "orders/b", 1, held),
        ]
    )
    assert (log.seen, await count(database, "parked")) == ([1], 2)
    log.failing = set()

    await box.take([incoming("order", "orders/b", 2, held)])
    async with database.transaction(who="") as unit:
        await unit.execute(text("UPDATE parked SET next_at = now()"))
    while await box.retry_parked():
        pass

    assert sorted(log.seen) == [1, 1, 2, 2]
    assert await count(database, "parked") == 0


@pytest.fixture
def wang() -> Notes:
    mine = Notes()
    principal.set(Principal("wang"))
    notes.set(mine)
    return mine


def context(key: str = "k1", fingerprint: str = "f1") -> CommandContext:
    return CommandContext(idempotency_key=key, route="POST /orders/{id}:hold", fingerprint=fingerprint)


async def test_a_repeated_command_works_once_and_gets_the_first_answer(database: Database, wang: Notes) -> None:
    runs = []

    async def work(unit: Transaction) -> MoveOrderResponse:
        runs.append(1)
        answer = MoveOrderResponse()
        answer.order.number = f"run {len(runs)}"
        unit.publish(SUBJECT, OrderHeld())
        return answer

    commands = Commands(database)
    first = await commands.run(context(), MoveOrderResponse, work)
    assert not wang.replayed
    again = await commands.run(context(), MoveOrderResponse, work)

    assert (first, wang.replayed, len(runs)) == (again, True, 1)
    with pytest.raises(KeyReused):
        await commands.run(context(fingerprint="f2"), MoveOrderResponse, work)


async def test_fifty_at_once_with_one_key_work_once(database: Database, wang: Notes) -> None:
    runs = []

    async def work(unit: Transaction) -> MoveOrderResponse:
        runs.append(1)
        await asyncio.sleep(0)
        return MoveOrderResponse()

    await asyncio.gather(*(Commands(database).run(context(), MoveOrderResponse, work) for _ in range(16)))

    assert len(runs) == 1


async def test_a_refused_command_stores_nothing(database: Database, wang: Notes) -> None:
    async def refuse(unit: Transaction) -> MoveOrderResponse:
        raise ValueError("no")

    async def accept(unit: Transaction) -> MoveOrderResponse:
        return MoveOrderResponse()

    with pytest.raises(ValueError, match="no"):
        await Commands(database).run(context(), MoveOrderResponse, refuse)

    assert await Commands(database).run(context(fingerprint="f2"), MoveOrderResponse, accept) == MoveOrderResponse()


async def test_a_key_that_stays_busy_is_said_after_two_seconds(database: Database, wang: Notes) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def slow(unit: Transaction) -> MoveOrderResponse:
        started.set()
        await release.wait()
        return MoveOrderResponse()

    first = asyncio.create_task(Commands(database).run(context(), MoveOrderResponse, slow))
    await started.wait()

    with pytest.raises(KeyBusy):
        await Commands(database).run(context(), MoveOrderResponse, slow)

    release.set()
    await first
