"""A vendor is away for three hours of the clock: nothing is lost, nothing floods, order is kept (reliability.md 2, row 20)."""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime, timedelta

from tests.service.notify.conftest import World
from tests.service.notify.messages import submitted

ORDERS, STEP = 40, timedelta(seconds=30)
AWAY_STEPS = 360  # of 30 s: three hours
LIMIT = 20  # messages a minute a group robot takes before it is muted


async def test_a_vendor_away_for_three_hours_gets_everything_in_order_and_no_flood(world: World) -> None:
    world.sink.status = 503
    numbers = [f"SO{n:03d}" for n in range(ORDERS)]
    waiting = deque(numbers)
    for step in range(AWAY_STEPS):
        if step % (AWAY_STEPS // ORDERS) == 0 and waiting:
            await world.tell(submitted(waiting.popleft()))
        await world.deliver()
        world.clock.advance(STEP)
    tries = len(world.sink.got)

    world.sink.status = 200
    sent_at = await drained(world)

    told = [
        number for text in world.sink.texts("order_group")[-len(sent_at) :] for number in re.findall(r"SO\d{3}", text)
    ]
    assert list(dict.fromkeys(told)) == numbers
    assert set(await world.states("order_summary")) <= {"sent", "digest"}
    assert tries < AWAY_STEPS  # a silent vendor is not asked every half minute for each message
    assert max(sum(1 for at in sent_at if start <= at < start + timedelta(minutes=1)) for start in sent_at) <= LIMIT
    print(f"\n{ORDERS} orders, {tries} tries while away, {len(sent_at)} messages afterwards")


async def drained(world: World) -> list[datetime]:
    """Let time pass until nothing waits; return when each message of the group arrived."""
    sent_at: list[datetime] = []
    for _ in range(400):
        before = len(world.sink.texts("order_group"))
        await world.deliver()
        sent_at += [world.clock.now()] * (len(world.sink.texts("order_group")) - before)
        if set(await world.states("order_summary")) <= {"sent", "digest"}:
            return sent_at
        world.clock.advance(timedelta(seconds=5))
    return sent_at
