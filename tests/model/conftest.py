"""The house every history acts on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack
from tests.model.house import House


@pytest.fixture(scope="module")
def house(stack: Stack) -> Iterator[House]:
    loop = asyncio.new_event_loop()
    opened = House(stack, loop).open()
    yield opened
    opened.close()
    loop.close()
