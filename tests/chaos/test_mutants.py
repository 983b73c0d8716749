"""Every seeded mutant of reliability.md section 6 is caught, and the code as it stands is not accused.

No row lock, unsorted locks and naive read-then-write are planted in tests/service/inventory/test_concurrency.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aio_pika
import pytest
import pytest_asyncio
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.order.v1.events_pb2 import OrderHeld
from orderhub.order.v1.order_pb2 import MoveOrderResponse
from sqlalchemy import text

from chassis import relay
from chassis.broker import Outgoing, RabbitPublisher
from chassis.commands import Commands
from chassis.database import Database, Transaction
from chassis.events import EXCHANGE
from chassis.schema import TABLES
from chassis.testing import MemoryPublisher
from inventory_service.adapters.reservations import REALLOCATE
from notify_service.adapters.egress import Egress
from tests.chaos.pipeline import EFFECTS, QUEUE, RIGHT, Pipeline, out_of_order
from tests.service.inventory.worlds import World, Worlds, made
from tests.support import mutants
from tests.support.events import incoming
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

Plant = Callable[[pytest.MonkeyPatch], None]


def none(plant: pytest.MonkeyPatch) -> None:
    """The code as it stands."""


def both(*planted: Plant) -> Plant:
    def plant_all(plant: pytest.MonkeyPatch) -> None:
        for one in planted:
            one(plant)

    return plant_all


def caught(account: dict[str, int], mutant: Plant) -> None:
    """Assert that the account is right without a mutant, and wrong with one."""
    assert (account == RIGHT) is (mutant is none), account


@pytest_asyncio.fixture
async def pipeline(databases: TestDatabases) -> AsyncIterator[Pipeline]:
    producer = Database(await databases.bare(TABLES), "order")
    consumer = Database(await databases.bare(f"{TABLES};{EFFECTS}"), "planning")
    yield Pipeline(producer, consumer)
    await producer.close()
    await consumer.close()


# Inbox and sequence guard each stop a plain redelivery alone; only without both is an event applied twice.
@pytest.mark.parametrize(
    "mutant", [none, both(mutants.no_inbox, mutants.no_sequence_guard)], ids=["real", "no inbox, no guard"]
)
async def test_a_redelivery_is_applied_once(pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    events = [incoming("order", "orders/a", n, OrderHeld()) for n in range(1, 6)]

    for batch in (events, events[2:], events):
        await pipeline.inbox().take(batch)

    caught(await pipeline.account(5), mutant)


@pytest.mark.parametrize("mutant", [mutants.no_inbox, mutants.no_sequence_guard], ids=["no inbox", "no guard"])
async def test_either_of_the_two_alone_still_stops_a_redelivery(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    events = [incoming("order", "orders/a", n, OrderHeld()) for n in range(1, 6)]

    for batch in (events, events):
        await pipeline.inbox().take(batch)

    assert await pipeline.account(5) == RIGHT


@pytest.mark.parametrize("mutant", [none, mutants.no_sequence_guard], ids=["real", "no sequence guard"])
async def test_a_shuffled_window_is_applied_in_order(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    box = pipeline.inbox()
    events = [incoming("order", f"orders/{s}", n, OrderHeld()) for s in "ab" for n in range(1, 9)]
    await box.take([events[0], events[8]])
    rest = [*events[1:8], *events[9:]]
    random.Random(7).shuffle(rest)

    for event in rest:
        await box.take([event])
    while await box.retry_parked():
        pass

    caught(await pipeline.account(16), mutant)


@pytest.mark.parametrize("mutant", [none, mutants.ack_before_commit], ids=["real", "ack before commit"])
async def test_what_breaks_before_its_commit_comes_again(
    pipeline: Pipeline, broker: str, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    pipeline.failures = 1
    publisher = RabbitPublisher(broker, "order")
    await pipeline.tell("orders/a", 5)
    async with pipeline.relaying(publisher), pipeline.consuming(broker):
        await eventually(lambda: _broke(pipeline))
        await pipeline.tell("orders/last")  # the queue is in order: what comes again comes before this one
        await eventually(lambda: _applied(pipeline, "orders/last"))
    await publisher.close()

    caught(await pipeline.account(6), mutant)


async def _broke(pipeline: Pipeline) -> bool:
    return pipeline.broken == 1


async def _applied(pipeline: Pipeline, subject: str) -> bool:
    async with pipeline.consumer.read() as reader:
        return bool((await reader.execute(text("SELECT 1 FROM effect WHERE subject = :s"), {"s": subject})).scalar())


@pytest.mark.parametrize("mutant", [none, mutants.no_confirms], ids=["real", "no confirms"])
async def test_what_the_broker_could_not_place_is_sent_again(
    pipeline: Pipeline, broker: str, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    connection = await aio_pika.connect(broker)
    channel = await connection.channel()
    queue = await channel.get_queue(QUEUE, ensure=False)
    other = await channel.get_queue("inventory.events", ensure=False)
    every = await channel.get_queue("notify.events", ensure=False)
    bound = [(queue, "orderhub.order.v1.#"), (other, "orderhub.order.v1.#"), (every, "orderhub.#")]
    for one, key in bound:
        await one.unbind(EXCHANGE, key)
    publisher = RabbitPublisher(broker, "order")
    await pipeline.tell("orders/a", 3)

    async with pipeline.relaying(publisher):
        await eventually(lambda: _tried(pipeline))
        for one, key in bound:
            await one.bind(EXCHANGE, key)
        await eventually(lambda: _all_told(pipeline), within=15)
        await pipeline.tell("orders/last")
        async with pipeline.consuming(broker):
            await eventually(lambda: _applied(pipeline, "orders/last"))
            await _settled(pipeline, 4)
    await publisher.close()
    await connection.close()

    caught(await pipeline.account(4), mutant)


async def _settled(pipeline: Pipeline, effects: int) -> None:
    """Give other subjects the time to follow: between subjects no order is promised, and a requeue may come last."""
    with contextlib.suppress(AssertionError):
        await eventually(lambda: _has_effects(pipeline, effects), within=3)


async def _has_effects(pipeline: Pipeline, effects: int) -> bool:
    async with pipeline.consumer.read() as reader:
        return bool((await reader.execute(text("SELECT count(*) FROM effect"))).scalar_one() >= effects)


async def _tried(pipeline: Pipeline) -> bool:
    """True when the relay has tried at least one event: it was put off, or believed told."""
    async with pipeline.producer.read() as connection:
        tried = "SELECT (SELECT count(*) FROM outbox WHERE attempts > 0) + (SELECT count(*) FROM event_log)"
        return bool((await connection.execute(text(tried))).scalar_one())


async def _all_told(pipeline: Pipeline) -> bool:
    return await pipeline.waiting() == 0


@pytest.mark.parametrize("mutant", [none, mutants.id_cursor], ids=["real", "id cursor"])
async def test_a_commit_that_comes_late_with_a_lower_id_is_told_too(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    publisher = MemoryPublisher()
    async with pipeline.relaying(publisher):
        async with pipeline.producer.transaction(who="") as slow:
            slow.publish("orders/slow", OrderHeld())
            await slow.flush(pipeline.producer.source)  # the row has its id, but is not committed
            await pipeline.tell("orders/quick")
            await eventually(lambda: _told(publisher, 1))
        if mutant is none:
            await eventually(lambda: _told(publisher, 2))
        else:
            await pipeline.tell("orders/third")  # told after a look that would have found the late one
            await eventually(lambda: _told(publisher, 2))

    told = {event.subject for event in publisher.events}
    assert ("orders/slow" in told) is (mutant is none)


async def _told(publisher: MemoryPublisher, wanted: int) -> bool:
    return len(publisher.events) >= wanted


@dataclass
class Dawdling(MemoryPublisher):
    """A broker that sometimes takes a moment."""

    chance: random.Random = field(default_factory=lambda: random.Random(5))

    async def publish(self, event: Outgoing) -> None:
        await asyncio.sleep(self.chance.choice((0, 0.01, 0.03)))
        await super().publish(event)


@pytest.mark.parametrize("mutant", [none, mutants.skip_locked], ids=["real", "SKIP LOCKED x 3"])
async def test_three_relays_keep_the_order_of_each_subject(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 3)
    mutant(monkeypatch)
    publisher = Dawdling()

    async with pipeline.relaying(publisher, replicas=3):
        await eventually(lambda: _relays(pipeline, 3))
        for _ in range(5):
            for subject in ("orders/a", "orders/b", "orders/c"):
                await pipeline.tell(subject, 4)
        await eventually(lambda: _told(publisher, 60), within=20)

    late = out_of_order([(event.subject, event.sequence) for event in publisher.events])
    assert (late == 0) is (mutant is none), late


async def _relays(pipeline: Pipeline, wanted: int) -> bool:
    """True when that many relays are connected: alone, none of them could overtake another."""
    connected = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'relay' AND datname = current_database()"
    )
    async with pipeline.producer.read() as reader:
        return bool((await reader.execute(text(connected))).scalar_one() == wanted)


@pytest.mark.parametrize("mutant", [none, mutants.no_unique_key], ids=["real", "no unique key"])
async def test_one_key_sent_sixteen_times_at_once_works_once(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    runs = []

    async def work(unit: Transaction) -> MoveOrderResponse:
        runs.append(1)
        await unit.execute(text("SELECT pg_sleep(0.02)"))
        return MoveOrderResponse()

    context = CommandContext(idempotency_key="k", route="POST /orders", fingerprint="f")
    commands = Commands(pipeline.producer)
    await asyncio.gather(*(commands.run(context, MoveOrderResponse, work) for _ in range(16)))

    assert (len(runs) == 1) is (mutant is none), len(runs)


@pytest_asyncio.fixture
async def worlds(databases: TestDatabases) -> AsyncIterator[Worlds]:
    made_here = Worlds(databases)
    yield made_here
    await made_here.close()


STARVING = mutants.changed(REALLOCATE, "WHERE r.is_open AND r.got < r.need", "WHERE false")
FALSE_RANK = mutants.changed(REALLOCATE, "ORDER BY r.planner_rank, r.urgency, r.due_date, r.seq", "ORDER BY r.seq DESC")


@pytest.mark.parametrize(
    ("sql", "right"),
    [(REALLOCATE, True), (STARVING, False), (FALSE_RANK, False)],
    ids=["real", "no reallocation", "wrong order"],
)
async def test_arriving_stock_goes_to_who_waits_longest(worlds: Worlds, sql: str, right: bool) -> None:
    world: World = await worlds.make(reallocate_sql=sql)
    for order in ("SO1", "SO2"):
        await world.planned(order, made(f"PO-{order}", "A", "1", ("X", "4")))

    await world.move("receipt", ("X", "4"))

    held = {
        row["order_number"]: int(row["got"])
        for row in await world.rows("SELECT order_number, got FROM reservation_line")
    }
    assert (held == {"SO1": 4, "SO2": 0}) is right, held


@pytest.mark.parametrize("follows", [False, True], ids=["real", "3xx followed"])
async def test_a_redirect_leads_a_webhook_nowhere(follows: bool) -> None:
    visited: list[str] = []
    inside = await asyncio.start_server(_answering(visited, "inside", "200 OK"), "127.0.0.1", 0)
    way_in = f"http://127.0.0.1:{inside.sockets[0].getsockname()[1]}/"
    outside = await asyncio.start_server(
        _answering(visited, "outside", f"307 Go\r\nLocation: {way_in}"), "127.0.0.1", 0
    )
    url = f"http://127.0.0.1:{outside.sockets[0].getsockname()[1]}"
    egress = Egress(url)
    egress._client.follow_redirects = egress._client.follow_redirects or follows

    await egress.post(f"{url}/hook", "webhook", {}, b"{}")
    await egress.close()
    inside.close()
    outside.close()

    assert visited == (["outside", "inside"] if follows else ["outside"])


def _answering(visited: list[str], name: str, status: str) -> Callable[..., Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        visited.append(name)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    return answer
