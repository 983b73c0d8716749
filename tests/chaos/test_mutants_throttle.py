"""Seeded mutants of the robot's allowance are caught by the rush of orders; the real code is not accused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from notify_service.adapters import deliveries
from notify_service.adapters.deliveries import SqlDeliveries
from notify_service.app.ports import Parcel
from notify_service.domain import allowance as rule
from notify_service.domain.allowance import Allowance
from notify_service.domain.outcome import DELIVERED, Outcome
from tests.chaos.mutation import Plant, none
from tests.service.notify.conftest import World, clock, house, settings, sink, world
from tests.service.notify.test_throttle import Robot, heard, robot, rush

__all__ = ["clock", "house", "robot", "settings", "sink", "world"]

ORDERS = 60


def no_limit(plant: pytest.MonkeyPatch) -> None:
    """Everything may go at once."""

    def at_once(sent: Sequence[datetime], rate: int, now: datetime) -> Allowance:
        return Allowance(True, now, False, tuple(sent))

    plant.setattr(deliveries, "allowance", at_once)


def half_a_minute(plant: pytest.MonkeyPatch) -> None:
    """The rate is kept in every half minute instead of every minute."""
    plant.setattr(rule, "WINDOW", timedelta(seconds=30))


def refused_is_sent(plant: pytest.MonkeyPatch) -> None:
    """What the robot turned away counts as sent."""
    record = SqlDeliveries.record

    async def all_well(self: SqlDeliveries, parcel: Parcel, outcome: Outcome) -> None:
        await record(self, parcel, DELIVERED)

    plant.setattr(SqlDeliveries, "record", all_well)


@pytest.mark.parametrize(
    ("mutant", "rests"), [(none, 0), (none, 3), (no_limit, 0), (half_a_minute, 0), (refused_is_sent, 3)]
)
async def test_the_rush_of_orders_catches_it(
    world: World, robot: Robot, mutant: Plant, rests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    robot.deaf_until = world.clock.now() + timedelta(minutes=rests)  # somebody else made it deaf before the rush

    await rush(world, [600 / 500] * ORDERS)

    lost = [n for n in range(ORDERS) if heard(world).count(f"SO-{n:04}.") != 1]
    assert (not lost and robot.mutes == 0) is (mutant is none), (lost, robot.mutes)
