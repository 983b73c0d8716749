"""The customer's page: a scan shows within three seconds, the phone order says so, and nothing else is reachable."""

from __future__ import annotations

import time
import uuid

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import HANDHELD, LONG, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]
SHOWN_MS = 3_000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_scan_shows_on_the_customers_page_within_three_seconds(
    browser: Browser, stack: Stack, api: Api, dark: bool
) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 2, channel="phone", sales_owner="sales")
    job = (await api.post(f"/orders/{order['number']}:plan"))["production_orders"][0]
    await api.post(f"/production-orders/{job['number']}:dispatch", {"team": "A"})
    async with desk(browser, stack, HANDHELD, dark=dark) as window:
        page = await window.open("/t/" + order["tracking_url"].rsplit("/", 1)[-1])
        await expect(page.get_by_text("您刚来电确认的订单").first).to_be_visible()
        await expect(page.locator(".state")).not_to_contain_text("正在生产")

        scan = {"code": job["number"], "action": "start", "device_id": "t1", "occurred_at": order["created_at"]}
        verdict = await api.post("/scans", scan | {"scan_id": str(uuid.uuid4())})
        scanned = time.perf_counter()
        await expect(page.locator(".state")).to_contain_text("正在生产", timeout=SHOWN_MS)

        assert verdict["result"] == "applied"
        assert time.perf_counter() - scanned < SHOWN_MS / 1000
        await expect(page.locator(".owner")).to_be_visible()
        await window.shot(f"tracking{'-dark' if dark else ''}")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
        assert window.complaints == []
