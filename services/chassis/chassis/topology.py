"""The broker's objects, declared by one idempotent job before services start; services only verify (reliability.md 3.6)."""

from __future__ import annotations

import argparse
import asyncio
from functools import cache

import aio_pika
from aio_pika.abc import AbstractChannel
from pamqp.common import FieldTable

from chassis.events import EXCHANGE

DEAD_LETTERS = "orderhub.dlx"
BINDINGS: dict[str, tuple[str, ...]] = {
    "order.events": ("orderhub.planning.v1.#", "orderhub.inventory.v1.#"),
    "planning.events": ("orderhub.order.v1.#", "orderhub.inventory.v1.#"),
    "inventory.events": ("orderhub.order.v1.#", "orderhub.planning.v1.#"),
    # Every service's events and of its own only what people must hear of: a message about each message would not end.
    "notify.events": (
        "orderhub.order.v1.#", "orderhub.planning.v1.#", "orderhub.inventory.v1.#", "orderhub.notify.v1.NotificationExhausted",
    ),
}  # fmt: skip
# What screens hear while somebody looks at them; when nobody does, no queue keeps it and nobody misses it.
PASSING = frozenset({"orderhub.notify.v1.NotificationSent"})
FORMER: dict[str, tuple[str, ...]] = {
    "notify.events": ("orderhub.#",)
}  # taken away where an earlier release bound them
ONE_AT_A_TIME: FieldTable = {"x-single-active-consumer": True}  # keeps the order of one subject across replicas
QUORUM: FieldTable = {"x-queue-type": "quorum"}


def queue_arguments(queue: str) -> FieldTable:
    """Return what can't be changed by policy later: the queue's type and single active consumer."""
    return {**QUORUM, **({} if queue == "notify.events" else ONE_AT_A_TIME)}


@cache
def heard(queue: str, source: str) -> bool:
    """True when the queue is bound to what the CloudEvents source tells."""
    service = source.rsplit("/", 1)[-1]
    return any(key == f"orderhub.{service}.v1.#" for key in BINDINGS.get(queue, ()))


async def declare(channel: AbstractChannel) -> None:
    """Declare exchanges, work queues, dead-letter queues and bindings; safe to repeat."""
    events = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
    dead = await channel.declare_exchange(DEAD_LETTERS, aio_pika.ExchangeType.DIRECT, durable=True)
    for name, keys in BINDINGS.items():
        queue = await channel.declare_queue(name, durable=True, arguments=queue_arguments(name))
        for key in keys:
            await queue.bind(events, key)
        for key in FORMER.get(name, ()):
            await queue.unbind(events, key)
        letters = await channel.declare_queue(f"{name}.dlq", durable=True, arguments=QUORUM)
        await letters.bind(dead, f"{name}.dlq")


async def verify(channel: AbstractChannel, queue: str) -> int:
    """Return the consumer count of a queue; raise when the queue is missing."""
    found = await channel.declare_queue(queue, passive=True)
    return found.declaration_result.consumer_count or 0


async def _main(url: str) -> None:
    connection = await aio_pika.connect(url, timeout=10)
    async with connection:
        await declare(await connection.channel())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Declare the broker's exchanges, queues and bindings.")
    parser.add_argument("--url", required=True)
    asyncio.run(_main(parser.parse_args().url))
