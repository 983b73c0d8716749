"""A manager follows a figure to its orders; the floor sees a change within seconds and says that it did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import DESK, LONG, TABLET, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]
FRESH_MS = 3_000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_figure_leads_to_its_orders(browser: Browser, stack: Stack, api: Api, dark: bool) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 1, due_date=str(stack.today))
    async with desk(browser, stack, DESK, dark=dark) as window:
        page = await window.sign_in("manager", "/reports")
        cell = page.locator(".heat button").first
        await expect(cell).to_be_visible()
        counted = int((await cell.locator("small").inner_text()).removesuffix(" 单"))
        await cell.click()
        rows = page.locator("section[aria-live] tbody tr")
        await expect(rows).to_have_count(min(counted, 50))
        await page.get_by_role("button", name="查看这些订单：未到期在制").click()
        await expect(page.get_by_role("link", name=order["number"])).to_be_visible()
        await expect(page.get_by_role("heading", name="前后对比")).to_be_visible()
        await window.settle()
        await window.shot(f"reports-drill{'-dark' if dark else ''}")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
        assert window.complaints == []


async def test_the_floor_sees_a_change_and_says_so(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 3)
    job = (await api.post(f"/orders/{order['number']}:plan"))["production_orders"][0]
    await api.post(f"/production-orders/{job['number']}:dispatch", {"team": "A"})
    async with desk(browser, stack, TABLET) as window:
        page = await window.sign_in("team_leader", f"/floor?job={job['number']}")
        await expect(page.locator(".live.on")).to_be_visible()
        fresh = await api.get(f"/orders/{order['number']}")
        await api.call(
            "PATCH", f"/orders/{order['number']}", {"due_date": str(stack.today + timedelta(days=12))},
            if_match=f'"{fresh["version"]}"',
        )  # fmt: skip

        notice = page.locator(".notice", has_text=job["number"])
        await expect(notice).to_be_visible(timeout=FRESH_MS)
        await window.shot("floor-change")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
        await notice.get_by_role("button", name="我知道了").click()
        await expect(notice).to_have_count(0)
        await page.reload()
        await expect(page.locator(".desk")).to_contain_text(job["number"])
        await expect(notice).to_have_count(0)
        assert window.complaints == []
    assert (await api.get(f"/production-orders/{job['number']}"))["pending_changes"] == []
