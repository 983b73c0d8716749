"""S96: from cause to robot at ten times the peak, through REST, one robot of 18 messages a minute as DingTalk allows."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import datetime

from tests.bench.flow import confirmed
from tests.bench.report import Row, percentile
from tests.e2e.client import Api
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack

ROBOT = "bench-robot"
PER_MINUTE = 18
MINUTE = 60.0
BUSY_MINUTES, BUSY = (
    3,
    47,
)  # minutes of the busiest hour of a day of 5,000 orders (500 a day, ten times over), and orders in them
BURST = 100  # orders in the minute after
PATIENCE_SECONDS = 60.0


async def robot(api: Api, stack: Stack, *, active: bool) -> None:
    """Let a group's robot hear of every order submitted, or no more."""
    url = f"{stack.facts['notify_sink_url']}/dingtalk/{ROBOT}"
    await api.put(f"/notification-channels/{ROBOT}", {"kind": "dingtalk", "url": url, "per_minute": PER_MINUTE})
    event = "orderhub.order.v1.OrderSubmitted"
    await api.put(
        f"/subscriptions/{ROBOT}",
        {"event_type": event, "channel": ROBOT, "template": "{order_number}", "active": active},
    )


async def submitted(api: Api, stack: Stack, factory: Factory, instants: list[float]) -> dict[str, float]:
    """Submit an order at each instant (seconds from now); return when each was sent off (seconds since 1970)."""
    caused: dict[str, float] = {}

    async def submit(after: float) -> None:
        await asyncio.sleep(after)
        at = time.time()
        caused[await confirmed(api, stack, factory)] = at

    await asyncio.gather(*map(submit, instants))
    return caused


async def heard(stack: Stack, wanted: set[str]) -> dict[str, float]:
    """Return when the robot first heard of each order (seconds since 1970); wait until it has heard of all."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        said = [message for message in await stack.messages() if message["target"] == ROBOT]
        first = {
            number: datetime.fromisoformat(message["at"]).timestamp()
            for message in said  # newest first: the oldest one stays
            for number in wanted
            if number in message["text"]
        }
        if len(first) == len(wanted):
            return first
        if time.monotonic() > deadline:
            raise AssertionError(f"the robot never heard of {sorted(wanted - set(first))}")
        await asyncio.sleep(0.5)


def row(name: str, caused: dict[str, float], told: dict[str, float], goal: str) -> Row:
    """Return how long some orders waited."""
    took = [told[number] - at for number, at in caused.items()]
    p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
    figure = f"p50 {p50:.2f} s, p95 {p95:.2f} s, worst {max(took):.2f} s, n {len(took)}"
    return Row(f"cause -> robot of {PER_MINUTE} a minute, {name}", figure, goal=goal)


async def rows(stack: Stack) -> list[Row]:
    """Measure some minutes of the busiest hour, and a burst right after them."""
    api = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    factory, chance = await build(api), random.Random(7)
    await robot(api, stack, active=True)
    try:
        instants = [chance.random() * MINUTE * BUSY_MINUTES for _ in range(BUSY)]
        busy = await submitted(api, stack, factory, instants)
        burst = await submitted(api, stack, factory, [chance.random() * MINUTE for _ in range(BURST)])
        told = await heard(stack, {*busy, *burst})
    finally:
        await robot(api, stack, active=False)
        await api.close()
    return [
        row("busiest hour at ten times the peak", busy, told, "p95 <= 3 s"),
        row(f"{BURST} orders in the next minute", burst, told, f"none: {PER_MINUTE} a minute are 3.3 s apart"),
    ]
