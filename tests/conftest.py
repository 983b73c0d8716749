"""Fixtures of every test: databases and a broker of this process alone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from xdist.scheduler import LoadScopeScheduling

from tests.e2e.stack import Stack, down, up
from tests.support.postgres import TestDatabases
from tests.support.rabbit import amqp_url, fresh_topology

WHOLE_STACK = ("tests/e2e/", "tests/web/", "tests/model/", "tests/security/test_stack_", "tests/chaos/test_drills.py")


class OneStack(LoadScopeScheduling):
    """Gives a worker a file at a time, and everything that needs the one running stack to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return "stack" if nodeid.startswith(WHOLE_STACK) else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneStack:
    """Replace the group marks of xdist, which the pytest we use does not show to its workers."""
    return OneStack(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the stories go first: later tests use up what a robot may send in a minute."""
    items.sort(key=lambda item: "test_story" not in item.nodeid)


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
