"""Parts die and come back: intake goes on, nothing is lost or doubled, nobody waits for ever (issue 2, reliability rows 1, 2, 4, 7)."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.e2e.client import Api, Json, waits_for
from tests.e2e.factory import Factory, build
from tests.e2e.listener import Listener
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.timeout(300)]
FIRST = 4  # orders taken before a part dies


@pytest_asyncio.fixture(scope="session")
async def api(stack: Stack) -> Any:
    signed_in = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    yield signed_in
    await signed_in.close()


@pytest_asyncio.fixture(scope="session")
async def factory(api: Api) -> Factory:
    return await build(api)


@pytest_asyncio.fixture
async def ears(stack: Stack) -> Any:
    opened = await Listener().open(stack.amqp_url)
    yield opened
    await opened.close()


def an_order(stack: Stack, factory: Factory) -> Json:
    return {
        "customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex,
        "due_date": str(stack.today + timedelta(days=20)), "lines": [{"item_code": factory.cable, "quantity": "1"}],
    }  # fmt: skip


async def kill(stack: Stack, part: str) -> None:
    """kill -9 a part and see that it really died and came back as another process."""
    before = stack.pid(part)
    os.kill(before, signal.SIGKILL)
    await replaced(stack, part, before)


async def replaced(stack: Stack, part: str, before: int) -> None:
    async def another() -> bool:
        return stack.pid(part) != before

    await waits_for(another, within=60)


async def submit(api: Api, body: Json, key: str) -> Json | None:
    """Try as a client would: the same key until it is answered."""
    for _ in range(200):
        try:
            answer = await api.call("POST", "/orders", body, key=key)
        except httpx2.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code == 201:
            made: Json = answer.json()
            return made
        assert answer.status_code in (502, 503, 409), answer.text
        await asyncio.sleep(0.1)
    return None


@pytest.mark.parametrize("part", ["order", "gateway", "postgres"])
async def test_orders_survive_the_death_of(stack: Stack, api: Api, factory: Factory, ears: Listener, part: str) -> None:
    bodies = [(an_order(stack, factory), str(uuid.uuid4())) for _ in range(40)]

    made: list[Json | None] = []

    async def keep_submitting(share: list[tuple[Json, str]]) -> None:
        for body, key in share:
            made.append(await submit(api, body, key))

    async def under_way() -> bool:
        return len(made) >= FIRST

    working = [asyncio.create_task(keep_submitting(bodies[n::4])) for n in range(4)]
    await waits_for(under_way, within=60)
    before = len(made)
    await kill(stack, part)
    await asyncio.gather(*working)

    assert before < len(bodies)  # it died in the midst of them
    assert all(made)
    numbers = {order["number"] for order in made if order}
    assert len(numbers) == len(bodies)
    again = [await submit(api, body, key) for body, key in bodies]
    assert {order["number"] for order in again if order} == numbers

    async def all_told() -> bool:
        return all(ears.names(number).count("OrderSubmitted") >= 1 for number in numbers)

    await waits_for(all_told, within=30)
    told_as = {
        number: {e["id"] for e in ears.of(number) if e["type"].endswith(".OrderSubmitted")} for number in numbers
    }
    assert all(len(ids) == 1 for ids in told_as.values())


async def test_while_the_broker_is_away_orders_are_accepted_and_told_later(
    stack: Stack, api: Api, factory: Factory
) -> None:
    dying = stack.pid("rabbitmq")
    os.kill(dying, signal.SIGKILL)
    await waits_for(lambda: deaf(stack.amqp_url))

    body = an_order(stack, factory)
    started = time.monotonic()
    made = await api.post("/orders", body, expect=201)
    assert time.monotonic() - started < 3
    assert await deaf(stack.amqp_url), "the broker was back before the order was taken"

    async def told() -> bool:
        found = await api.get(f"/notifications?order={made['number']}")
        return bool(found["items"])

    await waits_for(told, within=60)
    await replaced(stack, "rabbitmq", dying)


async def deaf(url: str) -> bool:
    """True while nobody takes connections where the broker was."""
    host, port = url.rsplit("@", 1)[1].split("/", 1)[0].rsplit(":", 1)
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return True
    writer.close()
    return False


async def test_a_service_away_is_said_within_three_seconds(stack: Stack, api: Api) -> None:
    away = stack.pid("inventory")
    os.kill(away, signal.SIGSTOP)
    try:
        started = time.monotonic()
        answer = await api.call("GET", "/stock?item_code=ANY")
        took = time.monotonic() - started
    finally:
        os.kill(away, signal.SIGCONT)

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert took < 3.5

    async def back() -> bool:
        return (await api.call("GET", "/stock?item_code=ANY")).status_code == 200

    await waits_for(back, within=10)
