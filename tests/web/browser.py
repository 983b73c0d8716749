"""Opens pages as a person with a device would, and notes everything a person should never meet."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

from tests.e2e.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "services/gateway/web/node_modules/axe-core/axe.min.js"
SHOTS = ROOT / ".run" / "screenshots"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN",
]  # fmt: skip
CHINESE: dict[str, str | float | bool] = {
    **os.environ,
    "LANGUAGE": "zh_CN",
}  # date fields speak the browser's own language
DESK, TABLET, HANDHELD, SMALL = (1366, 860), (1024, 768), (390, 844), (360, 740)
# The story runs in `make test`; everything else of the browser takes minutes and belongs to `make proof`.
LONG = pytest.mark.skipif(not os.environ.get("ORDERHUB_PROOF"), reason="part of make proof")
SERIOUS = ("serious", "critical")


@dataclass
class Desk:
    """One browser window of one person."""

    stack: Stack
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note console errors, failed requests and requests to other hosts."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("response", self._response)
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text[:300]}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.stack.gateway_url, "data:", "blob:")):
            self.complaints.append(f"foreign request: {request.url}")

    async def sign_in(self, role: str, path: str = "/") -> Page:
        """Sign in at `path` as a person does: name, password, Enter."""
        await self.page.goto(self.stack.gateway_url + path)
        await self.page.locator("input").first.fill(self.stack.username(role))
        await self.page.locator("input[type=password]").fill(self.stack.password(role))
        await self.page.keyboard.press("Enter")
        await self.page.locator(".shell, .full").first.wait_for()
        return self.page

    async def open(self, path: str) -> Page:
        await self.page.goto(self.stack.gateway_url + path)
        return self.page

    async def settle(self) -> None:
        """Wait until nothing says that it is still loading."""
        await self.page.locator(".shell, .full").first.wait_for()
        await expect(self.page.get_by_text("正在载入…")).to_have_count(0, timeout=10_000)

    async def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=str(SHOTS / f"{name}.png"))

    async def sideways(self) -> int:
        """How many pixels the page can be scrolled sideways."""
        return int(await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    async def barriers(self) -> list[str]:
        """What axe finds serious, one line each."""
        await self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']} ({one['impact']}): {json.dumps([node['html'][:160] for node in one['nodes'][:3]])}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
        ]


@asynccontextmanager
async def desk(
    browser: Browser, stack: Stack, size: tuple[int, int] = DESK, *, dark: bool = False
) -> AsyncIterator[Desk]:
    """A fresh window at a device's size, in the factory's time zone."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai",
        color_scheme="dark" if dark else "light", has_touch=size != DESK,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    opened = Desk(stack, context, await context.new_page())
    opened.watch()
    try:
        yield opened
    finally:
        await context.close()
