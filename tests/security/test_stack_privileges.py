"""32, 33, 35: on the running stack every part can do its own work and nothing else, in the databases and at the broker."""

from __future__ import annotations

import json
from typing import Any

import aio_pika
import asyncpg
import pytest
from aio_pika.exceptions import AMQPError

from chassis.topology import BINDINGS, DEAD_LETTERS
from tests.e2e.stack import Stack

SERVICES = ("order", "planning", "inventory", "notify", "gateway")
FORBIDDEN = (
    "UPDATE event_log SET body = ''",
    "DELETE FROM event_log",
    "TRUNCATE event_log",
    "DROP TABLE outbox",
    "CREATE TABLE mine (id int)",
    "ALTER TABLE outbox ADD COLUMN mine int",
    "UPDATE alembic_version SET version_num = '0'",
    "CREATE ROLE mine",
    "SET ROLE postgres",
    "COPY outbox TO PROGRAM 'true'",
)
OWN_LEDGERS = {
    "inventory": ("DELETE FROM stock_movement", "UPDATE stock_movement SET quantity = 0"),
}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_may_write_rows_and_nothing_more(stack: Stack, service: str) -> None:
    connection = await asyncpg.connect(stack.facts["postgres"][service])

    for statement in (*FORBIDDEN, *OWN_LEDGERS.get(service, ())):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_enters_no_other_database(stack: Stack, service: str) -> None:
    own = stack.facts["postgres"][service]

    for other in {*SERVICES} - {service}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(f"{own.rsplit('/', 1)[0]}/orderhub_{other}")


async def test_a_wrong_password_opens_nothing(stack: Stack) -> None:
    host = stack.facts["postgres"]["order"].rsplit("@", 1)[1]

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://orderhub_order:guess@{host}")


def broker_url(stack: Stack, user: str) -> str:
    password = json.loads((stack.home / "secrets.json").read_text())["broker"][user]
    return f"amqp://{user}:{password}@{stack.amqp_url.rsplit('@', 1)[1]}"


async def refused(stack: Stack, user: str, act: Any) -> bool:
    """Do `act` on a channel of `user`; True when the broker refuses it."""
    connection = await aio_pika.connect(broker_url(stack, user), timeout=10)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        try:
            await act(channel)
        except AMQPError as error:
            return "ACCESS_REFUSED" in str(error)
    return False


def publishing(key: str) -> Any:
    async def act(channel: Any) -> None:
        exchange = await channel.get_exchange("orderhub.events", ensure=False)
        await exchange.publish(aio_pika.Message(b"{}"), routing_key=key, timeout=5)

    return act


@pytest.mark.parametrize("user", ["planning", "inventory", "notify", "gateway", "subscriber"])
async def test_nobody_tells_another_services_events(stack: Stack, user: str) -> None:
    assert await refused(stack, user, publishing("orderhub.order.v1.OrderConfirmed"))


@pytest.mark.parametrize("user", ["order", "planning", "inventory"])
async def test_nobody_reads_or_removes_anothers_queue(stack: Stack, user: str) -> None:
    other = next(queue for queue in BINDINGS if not queue.startswith(user))

    async def read(channel: Any) -> None:
        queue = await channel.get_queue(other, ensure=False)
        await queue.get(timeout=2)

    async def remove(channel: Any) -> None:
        await channel.queue_delete(other)

    async def empty(channel: Any) -> None:
        await (await channel.get_queue(other, ensure=False)).purge()

    for act in (read, remove, empty):
        assert await refused(stack, user, act)


async def test_a_subscriber_declares_its_own_queues_only(stack: Stack) -> None:
    async def own(channel: Any) -> None:
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind("orderhub.events", "orderhub.order.#")

    async def foreign(channel: Any) -> None:
        await channel.declare_queue("order.shadow", durable=True)

    async def exchange(channel: Any) -> None:
        await channel.declare_exchange("orderhub.mine")

    async def dead_letters(channel: Any) -> None:
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(DEAD_LETTERS, "#")

    assert not await refused(stack, "subscriber", own)
    for act in (foreign, exchange, dead_letters):
        assert await refused(stack, "subscriber", act)


async def test_the_guest_is_gone(stack: Stack) -> None:
    host = stack.amqp_url.rsplit("@", 1)[1]

    with pytest.raises(AMQPError):
        await aio_pika.connect(f"amqp://guest:guest@{host}", timeout=10)
