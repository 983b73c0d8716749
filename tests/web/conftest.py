"""A real browser against a whole stack; ORDERHUB_E2E_STACK names a running one's directory instead of starting one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.e2e.client import Api
from tests.e2e.stack import Stack
from tests.web.browser import CHINESE, CHROMIUM, FLAGS


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, asking nobody but the stack."""
    assert CHROMIUM.exists(), "these tests need Debian's package chromium"
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, env=CHINESE)
        yield running
        await running.close()


@pytest_asyncio.fixture
async def api(stack: Stack) -> AsyncIterator[Api]:
    """The REST API as the administrator, for what a test needs to be there already."""
    client = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    yield client
    await client.close()
