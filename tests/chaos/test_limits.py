"""What the broker's limits are for: a message that kills, a queue that is full, a consumer that hangs (reliability rows 11, 12, 22)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import subprocess
from collections.abc import AsyncIterator, Callable

import aio_pika
import pytest
import pytest_asyncio
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis import consumer as consuming
from chassis.broker import RabbitPublisher
from chassis.consumer import Consumer
from chassis.database import Transaction
from chassis.events import Incoming
from chassis.inbox import Inbox
from chassis.sql import text
from deploy.local.broker import work_policy
from tests.chaos.pipeline import QUEUE, RIGHT, Pipeline
from tests.support.waiting import eventually

POISON, INNOCENTS, FULL, DEATHS = "orders/poison", 40, 5, 25
pytestmark = pytest.mark.timeout(180)


class Killed(BaseException):
    """The process is gone, without a word to anybody."""


@pytest_asyncio.fixture
async def limited(broker: str) -> AsyncIterator[Callable[..., None]]:
    """Give the queue the policy it has in a running house, with some of it changed; no dead letters lie there."""
    vhost = broker.rsplit("/", 1)[1]
    await forget_the_dead(broker)
    control = shlex.split(os.environ["ORDERHUB_TEST_RABBITMQCTL"])

    def limit(**changes: object) -> None:
        policy = work_policy(QUEUE)
        definition = json.dumps(policy["definition"] | {name.replace("_", "-"): to for name, to in changes.items()})
        words = ["set_policy", "-p", vhost, "--apply-to", "queues", policy["name"], policy["pattern"], definition]
        subprocess.run([*control, *words], check=True, capture_output=True, timeout=60)

    yield limit
    await forget_the_dead(broker)
    subprocess.run([*control, "clear_policy", "-p", vhost, QUEUE], check=True, capture_output=True, timeout=60)


async def forget_the_dead(broker: str) -> None:
    async with await aio_pika.connect(broker, timeout=10) as connection:
        await (await (await connection.channel()).get_queue(f"{QUEUE}.dlq", ensure=False)).purge()


async def depth(broker: str, queue: str) -> int:
    async with await aio_pika.connect(broker, timeout=10) as connection:
        declared = await (await connection.channel()).declare_queue(queue, passive=True)
        return int(declared.declaration_result.message_count or 0)


async def test_a_message_that_kills_goes_to_the_dead_letters_alone(
    pipeline: Pipeline, broker: str, limited: Callable[..., None]
) -> None:
    limited()
    publisher, deaths = RabbitPublisher(broker, "order"), 0

    async def note(event: Incoming, unit: Transaction) -> None:
        if event.subject == POISON:
            raise Killed
        await pipeline.note(event, unit)

    async with pipeline.relaying(publisher):
        for n in range(INNOCENTS):
            await pipeline.tell(POISON if n == INNOCENTS // 2 else f"orders/{n % 8}")
        await eventually(lambda: _all_told(pipeline))
    while await dies(broker, Consumer(broker, QUEUE, Inbox(pipeline.consumer, QUEUE, {OrderHeld: note}))):
        deaths += 1
        assert deaths <= DEATHS
    async with pipeline.consuming(broker):
        await eventually(lambda: _effects(pipeline, INNOCENTS - 1))
    await publisher.close()

    print(f"  {deaths} deaths, then among the dead letters; {INNOCENTS - 1} innocents applied")
    assert await depth(broker, f"{QUEUE}.dlq") == 1
    assert await pipeline.account(INNOCENTS - 1) == RIGHT


async def dies(broker: str, victim: Consumer) -> bool:
    """Run a consumer until it dies of a message (True), or until the message lies among the dead letters."""
    stop = asyncio.Event()
    running = asyncio.create_task(victim.run(stop))

    async def over() -> bool:
        return running.done() or await depth(broker, f"{QUEUE}.dlq") > 0

    await eventually(over, within=20, every=0.1)
    stop.set()
    await asyncio.wait([running], timeout=10)
    return isinstance(running.exception(), Killed)


async def test_a_full_queue_takes_no_more_and_the_outbox_keeps_the_rest(
    pipeline: Pipeline, broker: str, limited: Callable[..., None]
) -> None:
    limited(max_length=FULL)
    publisher = RabbitPublisher(broker, "order")
    async with pipeline.relaying(publisher):
        for n in range(INNOCENTS):
            await pipeline.tell(f"orders/{n}")
        await eventually(lambda: _refused(pipeline))
        kept, queued = await pipeline.waiting(), await depth(broker, QUEUE)
        async with pipeline.consuming(broker):
            await eventually(lambda: _effects(pipeline, INNOCENTS), within=60)
            await eventually(lambda: _all_told(pipeline), within=30)
    await publisher.close()

    print(f"  {queued} in the queue of {FULL}, {kept} kept by the sender; then all {INNOCENTS} applied")
    assert kept > 0
    assert await pipeline.account(INNOCENTS) == RIGHT


async def test_a_handler_that_hangs_ends_its_process_and_another_takes_over(
    pipeline: Pipeline, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = RabbitPublisher(broker, "order")
    hung = asyncio.Event()

    async def hang(event: Incoming, unit: Transaction) -> None:
        hung.set()
        await asyncio.Event().wait()

    half_dead = Consumer(broker, QUEUE, Inbox(pipeline.consumer, QUEUE, {OrderHeld: hang}))
    async with pipeline.relaying(publisher):
        await pipeline.tell("orders/a", 5)
        with monkeypatch.context() as patience:
            patience.setattr(consuming, "STUCK_SECONDS", 0.5)
            with pytest.raises(consuming.Stuck):
                await asyncio.wait_for(half_dead.run(asyncio.Event()), 20)
        async with pipeline.consuming(broker):
            await eventually(lambda: _effects(pipeline, 5))
    with contextlib.suppress(Exception):
        await publisher.close()

    assert hung.is_set()
    assert await pipeline.account(5) == RIGHT


async def _all_told(pipeline: Pipeline) -> bool:
    return await pipeline.waiting() == 0


async def _refused(pipeline: Pipeline) -> bool:
    """True when the sender was refused at least once, and keeps what was."""
    async with pipeline.producer.read() as reader:
        return bool((await reader.execute(text("SELECT count(*) FROM outbox WHERE attempts > 0"))).scalar_one())


async def _effects(pipeline: Pipeline, wanted: int) -> bool:
    return (await pipeline.account(wanted))["missing"] == 0
