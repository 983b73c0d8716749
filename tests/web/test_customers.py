"""The customer library by clicking: a namesake is told, a contact added, two that are one merged without losing an order."""

from __future__ import annotations

import uuid

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]


async def test_two_records_of_one_customer_become_one(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    kept, twice = f"苏州精工{uuid.uuid4().hex[:6]}", f"13{uuid.uuid4().int % 10**9:09d}"
    await api.post("/customers", {"name": kept})
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales_supervisor", "/customers")
        await page.get_by_role("button", name="新建客户").click()
        await page.get_by_label("客户名称", exact=True).fill(kept)
        await page.get_by_label("联系人 1", exact=True).fill("钱工")
        await page.get_by_label("手机号 1", exact=True).fill(twice)
        await window.shot("customer-form")
        assert await window.barriers() == []
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".el-message")).to_contain_text("已有同名客户")

        await page.get_by_label("搜索", exact=True).fill(kept)
        await expect(page.locator("tbody tr")).to_have_count(2)
        other = next(one for one in (await api.get(f"/customers?phone={twice}"))["items"])
        order = await confirmed(api, stack, factory, factory.cable, 1, customer_id=other["id"])
        row = page.locator("tbody tr").filter(has_not_text="钱工")
        await row.get_by_role("button", name="合并").click()
        await page.get_by_role("combobox", name="重复的客户").fill(twice)
        await page.get_by_role("option").first.click()
        await expect(page.get_by_text("不能撤回")).to_be_visible()
        await window.shot("customer-merge")
        await page.get_by_role("dialog").get_by_role("button", name="合并").click()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await expect(page.locator("tbody tr")).to_contain_text("钱工")
        await window.shot("customers-merged")
        assert window.complaints == []
    assert (await api.get(f"/orders/{order['number']}"))["customer"]["id"] != other["id"]
