"""Planted faults are found by the checks every service makes, and what is parked can be replayed or given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aio_pika
import asyncpg
import pytest
import pytest_asyncio
from orderhub.common.v1 import self_check_pb2 as pb
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis.database import Database, Transaction
from chassis.errors import Forbidden
from chassis.events import Incoming
from chassis.inbox import Inbox
from chassis.parked import ParkedNotFound, ReasonRequired, WaitsForPredecessor, replay_all
from chassis.principal import Principal, current
from chassis.schema import TABLES
from chassis.self_check import Section, look
from chassis.self_check_api import SelfCheckApi, self_check_of
from chassis.sql import text
from tests.support.events import incoming
from tests.support.postgres import TestDatabases
from tests.support.rabbit import amqp_url, fresh_topology

QUEUE = "planning.events"
ADMIN = Principal("li.guan", "user", frozenset({"admin"}))


@dataclass
class House:
    """A service's database, its inbox, its self-check; `broken` makes every event fail."""

    database: Database
    api: SelfCheckApi
    broken: bool = False
    applied: list[int] = field(default_factory=list)
    keys: int = 0

    def inbox(self) -> Inbox:
        async def apply(event: Incoming, unit: Transaction) -> None:
            if self.broken:
                raise ValueError("no such thing")
            self.applied.append(event.sequence)

        return Inbox(self.database, QUEUE, {OrderHeld: apply})

    async def section(self, code: str) -> pb.CheckedSection:
        found = await self.api.GetSelfCheck(pb.GetSelfCheckRequest(), None)
        return next(section for section in found.sections if section.code == code)

    def context(self) -> CommandContext:
        self.keys += 1
        return CommandContext(idempotency_key=f"k{self.keys}", route="POST /x", fingerprint="f")

    async def replay(self, event_id: str) -> pb.ParkedEvent:
        request = pb.ReplayParkedRequest(context=self.context(), id=event_id)
        return (await self.api.ReplayParked(request, None)).event

    async def discard(self, event_id: str, reason: str) -> pb.ParkedEvent:
        request = pb.DiscardParkedRequest(context=self.context(), id=event_id, reason=reason)
        return (await self.api.DiscardParked(request, None)).event

    async def run(self, statement: str) -> None:
        async with self.database.transaction(who="test") as unit:
            await unit.execute(text(statement))


@pytest_asyncio.fixture
async def house(databases: TestDatabases) -> AsyncIterator[House]:
    await fresh_topology(amqp_url())
    database = Database(await databases.bare(TABLES), "planning")
    current.set(ADMIN)
    yield House(database, self_check_of(database, QUEUE, amqp_url(), {}))
    await database.close()


def held(sequence: int) -> Incoming:
    return incoming("order", "orders/a", sequence, OrderHeld(order_number="a"))


async def tell(house: House, times: int) -> None:
    for _ in range(times):
        async with house.database.transaction(who="wang") as unit:
            unit.publish("orders/a", OrderHeld(order_number="a"))


async def consumed(house: House) -> aio_pika.abc.AbstractConnection:
    connection = await aio_pika.connect(amqp_url(), timeout=10)
    queue = await (await connection.channel()).get_queue(QUEUE, ensure=False)
    await queue.consume(asyncio.Queue().put)
    return connection


async def test_a_healthy_service_finds_nothing(house: House) -> None:
    await tell(house, 3)
    await house.inbox().take([held(1), held(2)])

    async with await consumed(house):
        found = await house.api.GetSelfCheck(pb.GetSelfCheckRequest(), None)

    states = {section.code: section.state for section in found.sections}
    assert states.pop("durability") in ("good", "bad")  # the throwaway server of the tests writes nothing through
    assert states == dict.fromkeys(("outbox", "event_numbers", "parked", "dead_letters", "queue"), "good")


@pytest.mark.parametrize(("age", "state"), [("2 minutes", "attention"), ("11 minutes", "bad")])
async def test_events_that_wait_to_be_told_are_found(house: House, age: str, state: str) -> None:
    await tell(house, 2)
    await house.run(f"UPDATE outbox SET occurred_at = now() - interval '{age}', last_error = 'NO_ROUTE'")

    found = await house.section("outbox")

    assert (found.state, found.count) == (state, 2)
    assert (found.findings[0].object, found.findings[0].params["error"]) == ("orders/a", "NO_ROUTE")


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM outbox WHERE sequence = 2",
        "DELETE FROM outbox WHERE sequence = 3",
        """INSERT INTO event_log (id, event_id, subject, sequence, type, body, traceparent, occurred_at, published_at)
           SELECT id, event_id, subject, sequence, type, body, traceparent, occurred_at, now() FROM outbox LIMIT 1""",
    ],
)
async def test_a_missing_or_doubled_event_is_found(house: House, damage: str) -> None:
    await tell(house, 3)
    assert (await house.section("event_numbers")).state == "good"

    await house.run(damage)

    found = await house.section("event_numbers")
    assert (found.state, [finding.object for finding in found.findings]) == ("bad", ["orders/a"])


async def test_a_parked_event_is_found_replayed_and_its_successor_follows(house: House) -> None:
    house.broken = True
    await house.inbox().take([held(1)])
    await house.inbox().take([held(2)])
    await house.run("UPDATE parked SET dead = true WHERE reason = 'failed'")
    found = await house.section("parked")
    assert (found.state, found.count, found.findings[0].params["state"]) == ("bad", 1, "given_up")
    assert "no such thing" in found.findings[0].params["error"]

    house.broken = False
    event = await house.replay(found.findings[0].parked_id)
    while await house.inbox().retry_parked():
        pass

    assert (event.state, house.applied) == ("waiting", [1, 2])
    assert (await house.section("parked")).state == "good"


async def test_a_discarded_event_lets_the_next_go_on_and_stays_readable(house: House) -> None:
    house.broken = True
    await house.inbox().take([held(1)])
    await house.inbox().take([held(2)])
    house.broken = False
    parked = (await house.section("parked")).findings[0].parked_id

    event = await house.discard(parked, " entered  twice ")
    while await house.inbox().retry_parked():
        pass

    assert (event.state, event.error, house.applied) == ("discarded", "li.guan: entered twice", [2])
    assert (await house.section("parked")).state == "good"
    with pytest.raises(ParkedNotFound):
        await house.replay(parked)


async def test_everything_given_up_gets_another_round_but_what_was_discarded(house: House) -> None:
    house.broken = True
    await house.inbox().take([held(1)])
    await house.discard((await house.section("parked")).findings[0].parked_id, "void")
    await house.inbox().take([held(2)])
    await house.run("UPDATE parked SET dead = true")

    house.broken = False
    revived = await replay_all(house.database)
    while await house.inbox().retry_parked():
        pass

    assert (revived, house.applied) == (1, [2])
    assert await replay_all(house.database) == 0


async def test_an_event_that_only_waits_for_its_predecessor_cannot_be_discarded(house: House) -> None:
    await house.inbox().take([held(1)])
    await house.inbox().take([held(3)])
    await house.run("UPDATE parked SET parked_at = now() - interval '2 minutes'")
    found = await house.section("parked")
    assert (found.state, found.findings[0].params["reason"]) == ("attention", "gap")

    with pytest.raises(WaitsForPredecessor):
        await house.discard(found.findings[0].parked_id, "away with it")
    with pytest.raises(ReasonRequired):
        await house.discard(found.findings[0].parked_id, "  ")


async def letter(event: Incoming) -> None:
    async with await aio_pika.connect(amqp_url(), timeout=10) as connection:
        channel = await connection.channel()
        await channel.default_exchange.publish(aio_pika.Message(event.body), f"{QUEUE}.dlq", mandatory=True)


@pytest_asyncio.fixture
async def no_letters(house: House) -> AsyncIterator[None]:
    async with await aio_pika.connect(amqp_url(), timeout=10) as connection:
        queue = await (await connection.channel()).get_queue(f"{QUEUE}.dlq", ensure=False)
        await queue.purge()
        yield
        await queue.purge()


@pytest.mark.usefixtures("no_letters")
async def test_a_dead_letter_is_found_and_replayed_where_its_turn_is(house: House) -> None:
    await house.inbox().take([held(1)])
    dead = held(2)
    await letter(dead)
    found = await house.section("dead_letters")
    assert (found.state, found.count, found.findings[0].parked_id) == ("bad", 1, str(dead.event_id))
    assert (await house.section("dead_letters")).count == 1  # reading takes nothing away

    await house.replay(str(dead.event_id))
    while await house.inbox().retry_parked():
        pass

    assert house.applied == [1, 2]
    assert {(await house.section(code)).state for code in ("dead_letters", "parked")} == {"good"}


@pytest.mark.usefixtures("no_letters")
async def test_a_letter_that_kills_again_is_given_up_before_it_is_tried(house: House) -> None:
    await letter(dead := held(1))
    await die(house, dead)

    found = await house.section("parked")

    assert (found.state, found.findings[0].params["state"]) == ("bad", "given_up")


async def die(house: House, dead: Incoming) -> None:
    """Replay a letter whose handler ends the process: the transaction is lost, what was committed before stays."""
    await house.replay(str(dead.event_id))

    async def kill(event: Incoming, unit: Transaction) -> None:
        raise KeyboardInterrupt

    await house.run("UPDATE parked SET parked_at = now() - interval '1 minute'")
    with pytest.raises(KeyboardInterrupt):
        await Inbox(house.database, QUEUE, {OrderHeld: kill}).retry_parked()


async def test_a_queue_nobody_consumes_is_found(house: House) -> None:
    found = await house.section("queue")

    assert (found.state, found.findings[0].params["consumers"]) == ("bad", "0")


async def test_a_check_that_fails_says_so_and_keeps_no_other_from_its_answer() -> None:
    async def fails() -> Section:
        raise OSError("broker away")

    async def fine() -> Section:
        return Section("good")

    found = await look({"queue": fails, "outbox": fine})

    assert (found["queue"].state, found["queue"].failed, found["outbox"].state) == ("attention", True, "good")


@pytest.mark.parametrize("call", ["replay", "discard"])
async def test_only_an_administrator_may_touch_events(house: House, call: str) -> None:
    current.set(Principal("jing.li", "user", frozenset({"manager"})))
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "replay": lambda: house.replay("x"), "discard": lambda: house.discard("x", "y"),
    }  # fmt: skip

    with pytest.raises(Forbidden):
        await calls[call]()
    assert (await house.section("outbox")).state == "good"


async def test_a_server_that_does_not_write_through_is_found(house: House) -> None:
    connection = await asyncpg.connect(house.database.dsn)
    off = await connection.fetchval("SELECT count(*) FROM pg_settings WHERE name = 'fsync' AND setting = 'off'")
    await connection.close()

    found = await house.section("durability")

    assert found.state == ("bad" if off else "good")
    assert ("fsync" in [finding.object for finding in found.findings]) is bool(off)
