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
DAY_ORDERS, BURST_ORDERS = (5000, 100) if PROOF else (60, 20)  # ten times 500 orders a working day
RHYTHM = (0.6, 1.4, 1.5, 0.8, 0.5, 1.2, 1.3, 0.7)  # how the hours of a working day compare
HOUR = 3600 if PROOF else 45  # seconds; a modest run keeps the pace and has fewer orders
LIMIT_SECONDS = 3.0


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


def a_day(chance: random.Random) -> list[float]:
    """Return when orders come, in seconds: a day's rhythm, and a burst within one minute in its middle."""
    day = [
        (hour + chance.random()) * HOUR
        for hour, weight in enumerate(RHYTHM)
        for _ in range(round(DAY_ORDERS * weight / sum(RHYTHM)))
    ]
    burst = [len(RHYTHM) / 2 * HOUR + chance.random() * 60 * BURST_ORDERS / 100 for _ in range(BURST_ORDERS)]
    return sorted([*day, *burst])


async def come(world: World, arrivals: list[datetime]) -> None:
    """Let an order come at each instant, sending meanwhile whatever may go; then go on until nothing waits."""
    for n, at in enumerate(arrivals):
        while world.clock.now() < (ready := await ready_at(world)) < at:
            world.clock.advance(ready - world.clock.now())
            await world.deliver()
        world.clock.advance(at - world.clock.now())
        await world.tell(submitted(f"SO-{n:04}."))
        await world.deliver()
    await rush(world, [])


async def waits(world: World) -> list[float]:
    """Return the seconds from cause to send of each message, shortest first."""
    async with world.service.database.read() as connection:
        found = await connection.execute(
            text(
                "SELECT extract(epoch FROM sent_at - created_at) FROM notification WHERE subscription = 'order_summary'"
            )
        )
        return sorted(float(wait) for wait in found.scalars())


async def test_at_ten_times_the_peak_a_message_leaves_within_three_seconds(world: World, robot: Robot) -> None:
    begin = world.clock.now()
    arrivals = [begin + timedelta(seconds=seconds) for seconds in a_day(random.Random(7))]

    await come(world, arrivals)

    took = await waits(world)
    median, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
    print(f"{len(took)} orders, {BURST_ORDERS} of them in a burst: median {median:.2f} s, p95 {p95:.2f} s (limit {LIMIT_SECONDS:.0f} s), worst {took[-1]:.2f} s")  # fmt: skip
    assert len(took) == len(arrivals)
    assert p95 <= LIMIT_SECONDS
    assert took[-1] <= 3 * LIMIT_SECONDS  # no order waits for a minute to end in silence, not even in the burst
    assert robot.mutes == 0
