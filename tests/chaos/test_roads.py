"""The roads between services, servers and databases turn bad: our own proxy stands on each (reliability rows 3, 4, 7, 12)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from chassis import inbox
from chassis.broker import RabbitPublisher
from chassis.database import Database
from chassis.relay import Relay
from chassis.schema import TABLES
from tests.chaos.conftest import needs_chaos
from tests.chaos.leaving import leave
from tests.chaos.pipeline import EFFECTS, RIGHT, Pipeline
from tests.chaos.proxy import DOWN, Proxy
from tests.support.postgres import TestDatabases
from tests.support.waiting import eventually

pytestmark = [needs_chaos, pytest.mark.timeout(300)]
SUBJECTS = 8
TELL_EVERY_SECONDS = 0.02


@dataclass
class Roads:
    """A pipeline whose every connection runs through a proxy: the broker's, the relay's and the consumer's databases."""

    pipeline: Pipeline
    broker: Proxy
    postgres: Proxy
    broker_url: str
    told: int = 0

    async def under_load(self, weather: asyncio.Task[None]) -> dict[str, int]:
        """Tell events while the weather lasts and a moment longer, then wait for all effects and count."""
        publisher = RabbitPublisher(self.broker_url, "order")
        try:
            async with self.pipeline.relaying(publisher), self.pipeline.consuming(self.broker_url):
                found = await self._told_and_applied(weather)
        finally:
            weather.cancel()
            self.heal()
            await leave("the publisher", publisher.close())
        print(f"  {self.told} events told while it lasted: {found}; proxies {self.broker.held + self.postgres.held} "
              f"bytes held, {self.broker.delayed + self.postgres.delayed} chunks late, "
              f"{self.broker.resets + self.postgres.resets} connections reset")  # fmt: skip
        return found

    async def _told_and_applied(self, weather: asyncio.Task[None]) -> dict[str, int]:
        while not weather.done():
            await self.pipeline.tell(f"orders/{self.told % SUBJECTS}")
            self.told += 1
            await asyncio.sleep(TELL_EVERY_SECONDS)
        await weather
        await eventually(self._all_applied, within=60, every=0.2)
        return await self.pipeline.account(self.told)

    def heal(self) -> None:
        self.broker.heal()
        self.postgres.heal()

    async def _all_applied(self) -> bool:
        return (await self.pipeline.account(self.told))["missing"] == 0


def through(proxy: Proxy, url: str) -> str:
    """Return the URL with its server replaced by the proxy."""
    account, rest = url.rsplit("@", 1)
    return f"{account}@{proxy.address}/{rest.split('/', 1)[1]}"


def server_of(url: str) -> str:
    return url.rsplit("@", 1)[1].split("/", 1)[0]


@pytest_asyncio.fixture
async def roads(databases: TestDatabases, broker: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Roads]:
    plain = [await databases.bare(TABLES), await databases.bare(f"{TABLES};{EFFECTS}")]
    postgres, rabbit = await Proxy(server_of(plain[0])).start(), await Proxy(server_of(broker)).start()
    producer, consumer = Database(plain[0], "order"), Database(through(postgres, plain[1]), "planning")
    build = Relay.__init__
    monkeypatch.setattr(Relay, "__init__", lambda self, dsn, *rest: build(self, through(postgres, dsn), *rest))
    yield Roads(Pipeline(producer, consumer), rabbit, postgres, through(rabbit, broker))
    for what, closing in {
        "producer": producer.close,
        "consumer": consumer.close,
        "broker's road": rabbit.stop,
        "database's road": postgres.stop,
    }.items():
        await leave(what, closing())


async def test_the_broker_falls_into_a_black_hole_for_ten_seconds(roads: Roads) -> None:
    async def weather() -> None:
        await asyncio.sleep(1)
        roads.broker.black_hole()
        await asyncio.sleep(10)
        roads.broker.heal()
        roads.broker.reset()  # what was held is gone for good

    assert await roads.under_load(asyncio.create_task(weather())) == RIGHT
    assert roads.broker.held > 0


async def test_the_brokers_answers_are_lost_while_it_hears_everything(
    roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: Counter[str] = Counter()
    monkeypatch.setattr(inbox._counter, "add", lambda n, words: outcomes.update([words["outcome"]]))

    async def weather() -> None:
        await asyncio.sleep(1)
        roads.broker.deaf = frozenset((DOWN,))
        await asyncio.sleep(6)  # longer than a publish waits: what was told is told again
        roads.broker.heal()
        roads.broker.reset()

    assert await roads.under_load(asyncio.create_task(weather())) == RIGHT
    assert roads.broker.held > 0
    assert outcomes["duplicate"] > 0  # otherwise nothing was told twice, and the test proved nothing


async def test_connections_break_again_and_again(roads: Roads) -> None:
    async def weather() -> None:
        for _ in range(8):
            await asyncio.sleep(0.7)
            roads.broker.reset()
            await asyncio.sleep(0.3)
            roads.postgres.reset()

    assert await roads.under_load(asyncio.create_task(weather())) == RIGHT
    assert roads.broker.resets > 4
    assert roads.postgres.resets > 4


async def test_the_database_falls_into_a_black_hole(roads: Roads) -> None:
    async def weather() -> None:
        await asyncio.sleep(1)
        roads.postgres.black_hole()
        await asyncio.sleep(5)
        roads.postgres.heal()
        roads.postgres.reset()

    assert await roads.under_load(asyncio.create_task(weather())) == RIGHT
    assert roads.postgres.held > 0


async def test_everything_is_slow(roads: Roads) -> None:
    async def weather() -> None:
        roads.broker.latency = roads.postgres.latency = 0.05
        await asyncio.sleep(5)
        roads.broker.heal()
        roads.postgres.heal()

    assert await roads.under_load(asyncio.create_task(weather())) == RIGHT
    assert roads.broker.delayed > 0
    assert roads.postgres.delayed > 0
