"""Drills on a whole stack under load (reliability.md section 2); each ends with its account printed, and the account right."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta

import aio_pika
import asyncpg
import pytest

from chassis.unreadable import Unread
from tests.chaos.accounting import SERVICES, TALLY, Account
from tests.chaos.conftest import needs_chaos
from tests.chaos.drill import Drill, Weather, kills
from tests.chaos.history import Command
from tests.chaos.proxy import Proxy
from tests.chaos.replica import another_gateway, operate
from tests.e2e.client import Api
from tests.e2e.stack import Stack
from tests.support.waiting import eventually

pytestmark = [needs_chaos, pytest.mark.timeout(900)]
HURT_SECONDS = 10.0
HEAR_CONFIRMATIONS = 3  # planning, inventory, notify
FASTEST_HONEST_SECONDS = 3.6  # the deadline of a command, and a little for the way


async def drilled(stack: Stack, weather: Weather, *, forgiven: tuple[str, ...] = ()) -> tuple[Drill, Account]:
    """Run a drill, print its account, and assert it; `forgiven` figures are printed only."""
    seed = int(os.environ.get("ORDERHUB_CHAOS_SEED") or secrets.randbelow(10**6))
    drill = Drill(stack, seed)
    began = time.monotonic()
    account = await drill.run(weather)
    TALLY.append(account)
    print(f"\n  seed {seed}, {drill.traffic.history.sent} requests in {time.monotonic() - began:.0f} s")
    print("\n".join(f"  {line}" for line in account.lines()))
    wrong = [sentence for sentence in account.wrong if not sentence.startswith(forgiven or ("-",))]
    assert wrong == []
    return drill, account


async def test_every_part_is_killed_in_turn_and_the_account_can_fail(stack: Stack) -> None:
    drill, account = await drilled(stack, kills(int(os.environ.get("ORDERHUB_CHAOS_ROUNDS") or 1), seed=1))

    assert len(account.faults) >= 8
    lie = Command("order", "/orders", {"note": "never sent"}, "k", answer={"number": "SO-NEVER"})
    drill.traffic.history.commands.append(lie)
    assert (await drill._audit(frozenset())).rows["order"]["LOST"] == 1


@pytest.mark.parametrize("resource", ["disk", "memory"])
async def test_while_the_broker_blocks_orders_are_taken_and_told_afterwards(stack: Stack, resource: str) -> None:
    taken: list[int] = []

    async def weather(drill: Drill) -> None:
        async with drill.faults.alarm(resource):
            before = len(drill.traffic.history.acknowledged("order"))
            await asyncio.sleep(HURT_SECONDS)
            taken.append(len(drill.traffic.history.acknowledged("order")) - before)
        await drill.good_weather()

    await drilled(stack, weather)

    print(f"  {taken[0]} orders were acknowledged while the broker took nothing")
    assert taken[0] > 0


async def test_a_consumer_that_stands_still_harms_nobody_and_catches_up(stack: Stack) -> None:
    piled: list[int] = []

    async def weather(drill: Drill) -> None:
        async with drill.faults.frozen("notify"):
            await asyncio.sleep(HURT_SECONDS)
            await drill.good_weather()
            piled.append((await drill.faults.queues())["notify.events"])
        await drill.good_weather()

    await drilled(stack, weather)

    print(f"  {piled[0]} events waited for it")
    assert piled[0] > 0


async def test_a_poison_message_is_parked_where_an_operator_sees_it_and_others_go_on(stack: Stack) -> None:
    poison = f"orders/POISON-{uuid.uuid4().hex[:8]}"
    garbage = b"\xff\xfe no event " + uuid.uuid4().hex.encode()
    subjects = [poison, f"messages/{Unread(garbage, '', '').id}"]
    parked: list[int] = []

    async def weather(drill: Drill) -> None:
        await drink(drill.stack, poison, garbage)
        drill.faults.confirmed.append(f"poison: {poison} confirmed by the broker")
        await drill.good_weather()
        await eventually(lambda: kept_by_all(drill.stack, subjects[1]), within=30)  # it came after the poison
        parked.append(await resting(drill.stack, poison))
        await let_go(drill.stack, subjects)

    await drilled(stack, weather)

    assert parked[0] > 0
    print(f"  the poison was parked by {parked[0]} services, bytes that are no event by {HEAR_CONFIRMATIONS}")


async def drink(stack: Stack, subject: str, garbage: bytes) -> None:
    """Publish, with the administrator's rights, an order event no handler can read, and one that is no event at all."""
    event = {
        "specversion": "1.0", "id": str(uuid.uuid4()), "source": "/orderhub/order", "subject": subject, "sequence": 1,
        "type": "orderhub.order.v1.OrderConfirmed", "time": datetime.now(UTC).isoformat(),
        "data": {"order_number": {"no": "text"}, "lines": "nonsense"},
    }  # fmt: skip
    connection = await aio_pika.connect(administrator_url(stack), timeout=5)
    async with connection:
        exchange = await (await connection.channel()).get_exchange("orderhub.events", ensure=False)
        for body in (json.dumps(event).encode(), garbage):
            await exchange.publish(aio_pika.Message(body, delivery_mode=2), "orderhub.order.v1.OrderConfirmed")


def administrator_url(stack: Stack) -> str:
    password = json.loads((stack.home / "secrets.json").read_text())["broker"]["admin"]
    return f"amqp://admin:{password}@{stack.amqp_url.rsplit('@', 1)[1]}"


async def resting(stack: Stack, subject: str) -> int:
    """Return in how many databases the poison is parked."""
    counts = [await fetch(stack, name, "SELECT count(*) FROM parked WHERE subject = $1", subject) for name in SERVICES]
    return sum(count > 0 for count in counts)


async def kept_by_all(stack: Stack, subject: str) -> bool:
    return await resting(stack, subject) == HEAR_CONFIRMATIONS


async def let_go(stack: Stack, subjects: list[str]) -> None:
    """Do what an operator does after looking: drop the parked rows."""
    for name in SERVICES:
        await fetch(stack, name, "DELETE FROM parked WHERE subject = ANY($1)", subjects)


async def fetch(stack: Stack, service: str, query: str, *arguments: object) -> int:
    connection = await asyncpg.connect(stack.facts["postgres"][service], timeout=5)
    try:
        return int(await connection.fetchval(query, *arguments) or 0)
    finally:
        await connection.close()


async def test_messages_wait_while_the_vendor_is_down_and_go_out_once(stack: Stack) -> None:
    async def weather(drill: Drill) -> None:
        await drill.faults.behave(status=500)
        try:
            await asyncio.sleep(HURT_SECONDS)
            await drill.good_weather()
        finally:
            await drill.faults.behave()

    await drilled(stack, weather)

    waiting = "SELECT count(*) FROM notification WHERE state = 'pending' AND not_before <= now()"
    await eventually(lambda: _none(stack, waiting), within=180, every=1)
    given_up = await fetch(stack, "notify", "SELECT count(*) FROM notification WHERE state IN ('exhausted', 'expired')")
    texts = [
        (m["target"], m["text"]) for m in await stack.messages() if m["channel"] not in ("dingtalk", "wecom", "feishu")
    ]
    print(
        f"  {len(texts)} messages to single recipients, {len(texts) - len(set(texts))} of them twice, {given_up} given up"
    )
    refused = await fetch(stack, "notify", "SELECT count(*) FROM delivery_attempt WHERE result <> 'delivered'")
    assert (given_up, refused > 0) == (0, True)  # some sends did fail


async def _none(stack: Stack, query: str) -> bool:
    return await fetch(stack, "notify", query) == 0


async def test_a_partition_is_an_honest_refusal_and_heals_by_itself(stack: Stack) -> None:
    proxy = await Proxy(stack.facts["services"]["order"]["grpc"]).start()
    slowest: list[float] = []

    async def weather(drill: Drill) -> None:
        async with another_gateway(drill.stack, ORDERHUB_ORDER_TARGET=proxy.address) as url:
            straight, drill.traffic.api = drill.traffic.api, Api(url, drill.traffic.api.token)
            await drill.good_weather()
            proxy.black_hole()
            until = time.monotonic() + HURT_SECONDS
            while time.monotonic() < until:
                began = time.monotonic()
                answer = await drill.traffic.api.call("GET", "/orders")
                slowest.append(time.monotonic() - began)
                assert answer.status_code == 503
                assert "Retry-After" in answer.headers
            drill.faults.confirmed.append(f"partition gateway-order: {proxy.held} bytes held")
            proxy.heal()
            took = await drill.good_weather()
            drill.faults.confirmed[-1] += f"; all kinds of commands acknowledged {took:.1f} s after healing"
            await drill.traffic.api.close()
            drill.traffic.api = straight

    try:
        await drilled(stack, weather)
    finally:
        await proxy.stop()

    print(f"  {len(slowest)} questions were refused meanwhile, the slowest after {max(slowest):.1f} s")
    assert proxy.held > 0
    assert max(slowest) < FASTEST_HONEST_SECONDS


async def test_the_broker_loses_all_its_data_and_is_rebuilt_from_the_event_log(stack: Stack) -> None:
    async def weather(drill: Drill) -> None:
        since = datetime.now(UTC) - timedelta(minutes=1)
        await drill.faults.lose_the_brokers_data()
        await drill.good_weather()
        for name in SERVICES:
            print(f"  {await operate(drill.stack, name, 'republish', '--since', since.isoformat())}")

    # What the log tells again was overtaken by what happened since: the wire is out of order, the effects are not.
    drill, _ = await drilled(stack, weather, forgiven=("events out_of_order",))

    assert drill.ears.repeats > 0
