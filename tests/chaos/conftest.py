"""Drills run with ORDERHUB_CHAOS=1 (`make chaos`): they take minutes, and a stack of their own."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from chassis.database import Database
from chassis.schema import TABLES
from tests.chaos.accounting import TALLY, last_line
from tests.chaos.drill import a_stack
from tests.chaos.leaving import leave
from tests.chaos.pipeline import EFFECTS, Pipeline
from tests.e2e.stack import Stack
from tests.support.postgres import TestDatabases
from tests.support.rabbit import amqp_url, fresh_topology

needs_chaos = pytest.mark.skipif(not os.environ.get("ORDERHUB_CHAOS"), reason="a drill: make chaos")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack to hurt."""
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # the subscriber reconnects by itself
    with a_stack() as running:
        yield running


@pytest_asyncio.fixture
async def broker(monkeypatch: pytest.MonkeyPatch) -> str:
    """A vhost no other test uses: a stranger's queue left bound there would take in what must find no way."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    monkeypatch.setenv("ORDERHUB_TEST_VHOST", f"test{9 - worker % 2}")
    url = amqp_url()
    await fresh_topology(url)
    return url


@pytest_asyncio.fixture
async def pipeline(databases: TestDatabases) -> AsyncIterator[Pipeline]:
    producer = Database(await databases.bare(TABLES), "order")
    consumer = Database(await databases.bare(f"{TABLES};{EFFECTS}"), "planning")
    yield Pipeline(producer, consumer)
    await leave("producer", producer.close())
    await leave("consumer", consumer.close())


def pytest_unconfigure() -> None:
    """Say in the last line what all drills of this run lost and doubled."""
    if TALLY:
        print(last_line())
