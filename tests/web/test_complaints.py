"""A complaint on the order's page: written down as the customer says it, answered, and seen by whoever looks."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import DESK, LONG, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]
FRESH_MS = 5_000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_complaint_is_recorded_and_answered(browser: Browser, stack: Stack, api: Api, dark: bool) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 1, sales_owner="sales")
    async with desk(browser, stack, DESK, dark=dark) as window, desk(browser, stack, DESK) as other:
        beside = await other.sign_in("planner", f"/orders/{order['number']}")
        page = await window.sign_in("sales", f"/orders/{order['number']}")
        await expect(page.get_by_text("没有投诉")).to_be_visible()
        await page.get_by_role("button", name="登记投诉").click()
        await expect(page.get_by_role("button", name="保存")).to_be_disabled()  # nothing said is no complaint
        await page.get_by_label("投诉类型").select_option(label="运输破损")
        await page.get_by_label("客户怎么说").fill("外箱压扁，两台进水")
        await page.get_by_label("责任环节").select_option(label="物流")
        await page.get_by_role("button", name="保存").click()
        complaint = page.locator("[data-complaint]")
        await expect(complaint).to_contain_text("待处理")
        await expect(complaint).to_contain_text("外箱压扁，两台进水")
        await expect(beside.locator("[data-complaint]")).to_contain_text("运输破损", timeout=FRESH_MS)  # no reload
        await expect(beside.get_by_role("button", name="处理完毕")).to_have_count(0)  # not the planner's to answer

        await complaint.get_by_role("button", name="处理完毕").click()
        await complaint.get_by_label("怎么处理的").fill("补发两台")
        await complaint.scroll_into_view_if_needed()
        await window.shot(f"complaint{'-dark' if dark else ''}")
        assert await window.barriers() == []
        await complaint.get_by_role("button", name="处理完毕").click()

        await expect(complaint).to_contain_text("✓ 已处理")
        await expect(complaint).to_contain_text("补发两台")
        assert await window.sideways() <= 0
        assert [*window.complaints, *other.complaints] == []

    (kept,) = (await api.get(f"/complaints?order={order['number']}"))["items"]
    assert (kept["kind"], kept["stage"], kept["state"], kept["resolution"]) == (
        "damaged",
        "carrier",
        "closed",
        "补发两台",
    )
