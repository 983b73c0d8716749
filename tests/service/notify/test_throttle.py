"""A robot that throttles as DingTalk does: 20 messages a minute, then deaf for ten. On a virtual clock."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import FixedClock
from chassis.sql import text
from tests.service.notify.conftest import World
from tests.service.notify.messages import submitted

pytestmark = [pytest.mark.timeout(900)]
PROOF = bool(os.environ.get("ORDERHUB_PROOF"))
ORDERS = 500 if PROOF else 120
SEEDS = range(3) if PROOF else range(1)
TOO_MANY = 130101
NEVER = datetime(1, 1, 1, tzinfo=UTC)
MINUTE, DEAF = timedelta(seconds=60), timedelta(minutes=10)
PEAK_A_MINUTE = 5000 / 480  # ten times 500 orders a working day


@dataclass
class Robot:
    """Judges each message it gets by those of the minute before; what it refuses counts too."""

    clock: FixedClock
    at: list[datetime] = field(default_factory=list)
    deaf_until: datetime = NEVER
    mutes: int = 0

    def judge(self) -> int:
        now = self.clock.now()
        self.at.append(now)
        if now < self.deaf_until:
            return TOO_MANY
        if sum(1 for at in self.at if at > now - MINUTE) > 20:
            self.mutes, self.deaf_until = self.mutes + 1, now + DEAF
            return TOO_MANY
        return 0


@pytest.fixture
def robot(world: World) -> Robot:
    made = Robot(world.clock)
    world.sink.judge = made.judge
    return made


def heard(world: World) -> str:
    """Return everything the robot took."""
    return "\n".join(entry["body"]["text"]["content"] for entry in world.sink.got if entry["errcode"] == 0)


async def rush(world: World, gaps: list[float]) -> None:
    """Let an order come after each gap (seconds), and send whatever may go; then go on until nothing waits."""
    for n, gap in enumerate(gaps):
        await world.tell(submitted(f"SO-{n:04}."))
        await world.deliver()
        world.clock.advance(timedelta(seconds=gap))
    while await world.log(state="pending"):
        world.clock.advance(timedelta(seconds=5))
        await world.deliver()


async def test_500_orders_in_ten_minutes_are_all_told_and_the_robot_never_goes_deaf(world: World, robot: Robot) -> None:
    await rush(world, [600 / 500] * ORDERS)

    said = heard(world)
    assert [n for n in range(ORDERS) if said.count(f"SO-{n:04}.") != 1] == []
    assert robot.mutes == 0
    assert {entry.state for entry in await world.log()} <= {"sent", "digest"}


@pytest.mark.parametrize("seed", SEEDS)
async def test_however_unevenly_they_come(world: World, robot: Robot, seed: int) -> None:
    chance = random.Random(seed)
    gaps = [chance.choice([0, 0, 0, 0.4, 1, 2, 8]) for _ in range(ORDERS)]
    print(f"seed {seed}: {ORDERS} orders in {sum(gaps):.0f} s")

    await rush(world, gaps)

    said = heard(world)
    assert [n for n in range(ORDERS) if said.count(f"SO-{n:04}.") != 1] == []
    assert robot.mutes == 0


async def test_a_robot_somebody_else_made_deaf_gets_everything_afterwards_and_is_hardly_knocked_at(
    world: World, robot: Robot
) -> None:
    robot.deaf_until = world.clock.now() + DEAF

    await rush(world, [600 / 500] * 60)

    said = heard(world)
    assert [n for n in range(60) if said.count(f"SO-{n:04}.") != 1] == []
    assert len([entry for entry in world.sink.got if entry["errcode"]]) <= 6
    assert {entry.attempt_count for entry in await world.log()} == {1}  # being told "too many" is no failed attempt


async def ready_at(world: World) -> datetime:
    async with world.service.database.read() as connection:
        found = await connection.execute(text("SELECT ready_at FROM channel_state WHERE code = 'order_group'"))
        return datetime.fromisoformat(str(found.scalar_one()))


async def test_at_ten_times_the_peak_a_message_leaves_within_three_seconds(world: World, robot: Robot) -> None:
    chance, orders = random.Random(7), 200 if PROOF else 60
    arrivals = [world.clock.now()]
    for _ in range(orders - 1):
        arrivals.append(arrivals[-1] + timedelta(seconds=chance.expovariate(PEAK_A_MINUTE / 60)))

    for n, at in enumerate(arrivals):
        while world.clock.now() < (ready := await ready_at(world)) < at:
            world.clock.advance(ready - world.clock.now())
            await world.deliver()
        world.clock.advance(at - world.clock.now())
        await world.tell(submitted(f"SO-{n:04}."))
        await world.deliver()
    await rush(world, [])

    log = [entry for entry in await world.log() if entry.subscription == "order_summary"]
    waits = sorted(entry.sent_at.ToMicroseconds() / 1e6 - entry.created_at.ToMicroseconds() / 1e6 for entry in log)
    print(f"waits at {PEAK_A_MINUTE:.1f}/min: median {waits[len(waits) // 2]:.2f} s, p95 {waits[int(len(waits) * 0.95)]:.2f} s, worst {waits[-1]:.2f} s")  # fmt: skip
    assert len(waits) >= min(orders, 200)
    assert waits[int(len(waits) * 0.95)] <= 3
    assert robot.mutes == 0
