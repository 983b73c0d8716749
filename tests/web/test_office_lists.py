"""Lists of the office: sorted by their heads as a whole, and a job stopped from its row with the reason people ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]


async def shows(page: Page, numbers: list[str]) -> None:
    await expect(page.locator("tbody tr td:first-child a")).to_have_text(numbers)


async def test_the_order_list_is_sorted_by_its_heads(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    days = (40, 20, 30)
    numbers = [
        (await confirmed(api, stack, factory, factory.cable, n, due_date=str(stack.today + timedelta(days=day))))["number"]
        for n, day in enumerate(days, start=1)
    ]  # fmt: skip
    soonest = [numbers[1], numbers[2], numbers[0]]
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", f"/orders?customer_id={factory.customer_id}")
        due, entered = (page.get_by_role("columnheader", name=name) for name in ("期望交期", "下单"))
        await shows(page, numbers[::-1])
        await expect(entered).to_have_attribute("aria-sort", "descending")
        await due.get_by_role("button").click()
        await shows(page, soonest)
        await expect(due).to_have_attribute("aria-sort", "ascending")
        await expect(entered).to_have_attribute("aria-sort", "none")
        await window.shot("orders-sorted")
        await due.get_by_role("button").click()
        await shows(page, soonest[::-1])
        await page.reload()  # the address keeps it
        await shows(page, soonest[::-1])
        await page.get_by_label("排序").select_option("created_at")
        await shows(page, numbers)
        await expect(entered).to_have_attribute("aria-sort", "ascending")
        assert await window.barriers() == []
        assert window.complaints == []


async def test_a_job_is_stopped_and_ended_with_a_reason(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 3, urgency="red")
    job = (await api.post(f"/orders/{order['number']}:plan"))["production_orders"][0]["number"]
    async with desk(browser, stack) as window:
        page = await window.sign_in("planner", "/planning?tab=orders")
        dialog = page.get_by_role("dialog")
        await page.get_by_role("button", name=f"暂停 {job}").click()
        await expect(dialog.get_by_role("button", name="确定")).to_be_disabled()
        await expect(dialog.get_by_label("原因")).to_be_focused()
        await window.shot("job-reason")
        assert await window.barriers() == []
        await page.keyboard.type("等图纸")
        await page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        await page.get_by_role("button", name=f"恢复 {job}").click()
        await page.get_by_role("button", name=f"取消任务 {job}").click()
        await dialog.get_by_role("button", name="取消", exact=True).click()  # thought better of
        await expect(dialog).to_have_count(0)
        assert (await api.get(f"/production-orders/{job}"))["state"] == "created"
        await page.get_by_role("button", name=f"取消任务 {job}").click()
        await dialog.get_by_label("原因").fill("客户改单")
        await dialog.get_by_role("button", name="确定").click()
        await expect(page.get_by_role("button", name=f"取消任务 {job}")).to_have_count(0)
        assert window.complaints == []
    assert (await api.get(f"/production-orders/{job}"))["state"] == "cancelled"
