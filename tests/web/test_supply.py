"""What is short and what suppliers bring: read, ordered from the shortage, moved, called late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]
PATIENCE_MS = 15_000


async def test_a_shortage_is_ordered_and_the_delivery_moved(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.motor, 2)
    await api.post(f"/orders/{order['number']}:plan")
    async with desk(browser, stack) as window:
        page = await window.sign_in("planner", "/planning?tab=shortages")
        row = page.get_by_role("row", name=factory.copper)
        await expect(row).to_contain_text("2.5m", timeout=PATIENCE_MS)
        await row.get_by_role("button", name="处在等").click()
        await expect(page.locator("tr.detail")).to_contain_text(order["number"])
        await expect(page.locator("tr.detail")).to_contain_text("没有在途")
        await window.shot("shortages-open")
        assert await window.barriers() == []

        await row.get_by_role("button", name="登记采购").click()
        await expect(page.get_by_label("数量")).to_have_value("2.5")
        await page.get_by_label("到货日期").fill(str(stack.today + timedelta(days=5)))
        await page.get_by_label("供应商").fill("苏州铜业")
        await page.get_by_role("button", name="保存").click()
        await expect(row).to_contain_text("在途已够", timeout=PATIENCE_MS)
        await expect(page.locator("tr.detail")).to_contain_text("苏州铜业")
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="导出 CSV").click()
        assert factory.copper.encode() in (await (await waiting.value).path()).read_bytes()
        assert window.complaints == []

    async with desk(browser, stack) as window:
        page = await window.sign_in("warehouse", "/planning")
        row = page.get_by_role("row", name=factory.copper)
        await row.get_by_role("button", name="修改").click()
        await page.get_by_label("到货日期").fill(str(stack.today - timedelta(days=1)))
        await page.get_by_role("button", name="保存").click()
        await expect(row).to_contain_text("逾期未到", timeout=PATIENCE_MS)
        await window.shot("arrivals-late")
        await expect(page.locator(".el-message")).to_have_count(0)  # a notice on its way out is half seen through
        assert await window.barriers() == []
        assert window.complaints == []


async def test_a_delivery_of_nothing_known_is_refused_at_its_field(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    async with desk(browser, stack) as window:
        page = await window.sign_in("warehouse", "/planning?tab=arrivals")
        await page.get_by_role("button", name="登记到货").click()
        await page.get_by_role("combobox", name="物料").fill("NOBODY-KNOWS-IT")
        await page.get_by_label("数量").fill("3")
        await page.get_by_label("到货日期").fill(str(stack.today + timedelta(days=3)))
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".field-error")).to_have_count(1)
        await page.get_by_role("combobox", name="物料").fill(factory.magnet)
        await page.locator("#a-item-0").click()
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("row", name=factory.magnet)).to_contain_text("3件", timeout=PATIENCE_MS)
        await window.shot("arrival-added")
