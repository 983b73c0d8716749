"""Every seeded mutant of the road between services is caught, and the code as it stands is not accused.

The relay's are in test_mutants_relay.py, other ones in test_mutants_rules.py; no row lock, unsorted locks, naive
read-then-write and the REPEATABLE READ sum are planted in tests/service/inventory/test_concurrency.py.
"""

from __future__ import annotations

import contextlib
import random

import aio_pika
import pytest
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis.broker import RabbitPublisher
from chassis.events import EXCHANGE
from chassis.sql import text
from tests.chaos.mutation import Plant, both, caught, none
from tests.chaos.pipeline import QUEUE, RIGHT, Pipeline
from tests.support import mutants
from tests.support.events import incoming
from tests.support.waiting import eventually


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
    bound = [(queue, "orderhub.order.v1.#"), (other, "orderhub.order.v1.#"), (every, "orderhub.order.v1.#")]
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
