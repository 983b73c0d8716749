"""Fixtures of the inventory service's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from chassis.clock import FixedClock
from chassis.principal import Principal, current
from tests.service.inventory.worlds import NOON, World, Worlds, made
from tests.support.postgres import TestDatabases

MakeWorld = Callable[..., Any]
__all__ = ["MakeWorld", "World", "made"]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest_asyncio.fixture
async def make_world(databases: TestDatabases, clock: FixedClock) -> AsyncIterator[MakeWorld]:
    """Make worlds with their own settings."""
    worlds = Worlds(databases, clock)
    current.set(Principal("cang.ku", "user", frozenset({"warehouse"})))
    yield worlds.make
    await worlds.close()


@pytest_asyncio.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world()
