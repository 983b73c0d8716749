"""Every seeded mutant of the relay is caught, and the code as it stands is not accused."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from orderhub.order.v1.events_pb2 import OrderHeld

from chassis import relay
from chassis.broker import Outgoing
from chassis.sql import text
from chassis.testing import MemoryPublisher
from tests.chaos.mutation import Plant, none
from tests.chaos.pipeline import Pipeline, out_of_order
from tests.support import mutants
from tests.support.waiting import eventually


@pytest.mark.parametrize("mutant", [none, mutants.id_cursor], ids=["real", "id cursor"])
async def test_a_commit_that_comes_late_with_a_lower_id_is_told_too(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    publisher = MemoryPublisher()
    async with pipeline.relaying(publisher):
        async with pipeline.producer.transaction(who="") as slow:
            slow.publish("orders/slow", OrderHeld())
            await slow.flush(pipeline.producer.source)  # the row has its id, but is not committed
            await pipeline.tell("orders/quick")
            await eventually(lambda: _told(publisher, 1))
        if mutant is none:
            await eventually(lambda: _told(publisher, 2))
        else:
            await pipeline.tell("orders/third")  # told after a look that would have found the late one
            await eventually(lambda: _told(publisher, 2))

    told = {event.subject for event in publisher.events}
    assert ("orders/slow" in told) is (mutant is none)


async def _told(publisher: MemoryPublisher, wanted: int) -> bool:
    return len(publisher.events) >= wanted


@dataclass
class Dawdling(MemoryPublisher):
    """A broker that sometimes takes a moment."""

    chance: random.Random = field(default_factory=lambda: random.Random(5))

    async def publish(self, event: Outgoing) -> None:
        await asyncio.sleep(self.chance.choice((0, 0.01, 0.03)))
        await super().publish(event)


@pytest.mark.parametrize("mutant", [none, mutants.skip_locked], ids=["real", "SKIP LOCKED x 3"])
async def test_three_relays_keep_the_order_of_each_subject(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 3)
    mutant(monkeypatch)
    publisher = Dawdling()

    async with pipeline.relaying(publisher, replicas=3):
        await eventually(lambda: _relays(pipeline, 3))
        for _ in range(5):
            for subject in ("orders/a", "orders/b", "orders/c"):
                await pipeline.tell(subject, 4)
        await eventually(lambda: _told(publisher, 60), within=20)

    late = out_of_order([(event.subject, event.sequence) for event in publisher.events])
    assert (late == 0) is (mutant is none), late


async def _relays(pipeline: Pipeline, wanted: int) -> bool:
    """True when that many relays are connected: alone, none of them could overtake another."""
    connected = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'relay' AND datname = current_database()"
    )
    async with pipeline.producer.read() as reader:
        return bool((await reader.execute(text(connected))).scalar_one() == wanted)


@pytest.mark.parametrize("mutant", [none, mutants.low_water_mark], ids=["real", "low-water mark"])
async def test_an_event_never_overtakes_its_predecessor_of_a_slow_transaction(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    monkeypatch.setattr(relay, "BATCH", 1)
    publisher = MemoryPublisher()
    async with pipeline.relaying(publisher):
        async with pipeline.producer.transaction(who="") as slow:
            slow.publish("orders/slow", OrderHeld())
            await slow.flush(pipeline.producer.source)
            await pipeline.tell("orders/quick")  # a higher id, committed and told first
            await eventually(lambda: _told(publisher, 1))
            slow.publish("orders/slow", OrderHeld())
        await eventually(lambda: _told(publisher, 3))

    seen = [(event.subject, event.sequence) for event in publisher.events]
    assert (out_of_order(seen) == 0) is (mutant is none), seen
