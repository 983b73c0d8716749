"""Fixtures of every test: databases and a broker of this process alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

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
