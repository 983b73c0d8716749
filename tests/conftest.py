"""Fixtures of every test: databases and a broker of this process alone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.stack import Stack, down, up
from tests.support.postgres import TestDatabases
from tests.support.rabbit import amqp_url, fresh_topology


@pytest_asyncio.fixture(scope="session")
async def databases() -> AsyncIterator[TestDatabases]:
    """Throwaway databases on the test server."""
    made = TestDatabases()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def broker() -> str:
    """URL of an empty broker with the topology declared."""
    url = amqp_url()
    await fresh_topology(url)
    return url


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One whole running stack for every test of the group "stack"; ORDERHUB_E2E_STACK names a running one's directory."""
    if running := os.environ.get("ORDERHUB_E2E_STACK"):
        yield Stack(Path(running))
        return
    started = up()
    yield started
    down(started)
