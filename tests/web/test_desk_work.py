"""Work that is more than the story: many orders planned at once, material given out and brought back, a link renewed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack
from tests.web.browser import HANDHELD, LONG, desk

pytestmark = [pytest.mark.timeout(300), LONG]
PATIENCE_MS = 20_000


async def confirmed(api: Api, stack: Stack, factory: Factory, item: str, quantity: int, **more: object) -> Json:
    """A confirmed order of one line."""
    body = {
        "customer_id": factory.customer_id, "channel": "wechat", "due_date": str(stack.today + timedelta(days=30)),
        "confirm": True, "lines": [{"item_code": item, "quantity": quantity}],
    }  # fmt: skip
    return await api.post("/orders", body | more)


async def test_many_orders_are_planned_as_one_job_with_a_verdict_each(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    orders = [
        await confirmed(api, stack, factory, factory.controller, n, source_ref=f"{factory.suffix}{n}")
        for n in (1, 2, 9)
    ]
    async with desk(browser, stack) as window:
        page = await window.sign_in("planner", "/planning")
        for order in orders:
            await page.get_by_label(f"选择 {order['number']}").check()
        await page.get_by_role("button", name="批量排计划（3）").click()

        await expect(page.get_by_text("3 张已处理")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.locator("li[data-result]", has_text=orders[2]["number"])).to_contain_text("缺料")
        await expect(page.get_by_label(f"选择 {orders[0]['number']}")).to_have_count(0)
        await window.shot("bulk-plan")
        assert await window.barriers() == []
        assert window.complaints == []

    assert {(await api.get(f"/orders/{order['number']}"))["state"] for order in orders} == {"planned"}


@pytest.mark.parametrize("offline", [False, True], ids=["online", "offline"])
async def test_material_is_given_out_and_brought_back(browser: Browser, stack: Stack, api: Api, offline: bool) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 4)
    job = (await api.post(f"/orders/{order['number']}:plan"))["production_orders"][0]

    def copper_of(one: Json) -> str:
        return str(next(part["issued"] for part in one["components"] if part["item_code"] == factory.copper))

    async with desk(browser, stack, HANDHELD) as window:
        page = await window.sign_in("warehouse", "/warehouse")
        box = page.get_by_label("扫任务单、订单或物料条码")
        await box.fill(job["number"])
        await box.press("Enter")
        await page.get_by_role("button", name="领料 / 退料").click()
        await window.shot("issue")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
        await window.context.set_offline(offline)
        await page.get_by_role("button", name="确认领料").click()
        if offline:
            await expect(page.locator(".net")).to_contain_text("1 条待上传")
            await window.context.set_offline(False)
        await expect(page.locator('.flash[data-result="applied"]')).to_contain_text("领料", timeout=PATIENCE_MS)
        await expect(page.locator(".target").first).to_contain_text(job["number"])
        await api.until(f"/production-orders/{job['number']}", lambda one: copper_of(one) == "10", within=10)

        await box.fill(job["number"])
        await box.press("Enter")
        await page.get_by_role("button", name="领料 / 退料").click()
        await page.get_by_label("退料", exact=True).check()
        copper = page.locator(".part", has_text=factory.copper)
        await copper.locator("input").fill("2.5")
        await page.get_by_role("button", name="确认退料").click()
        await expect(page.locator('.flash[data-result="applied"]')).to_contain_text("退料", timeout=PATIENCE_MS)
        await api.until(f"/production-orders/{job['number']}", lambda one: copper_of(one) == "7.5", within=10)


async def test_a_refused_issue_keeps_what_was_typed(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 4)
    job = (await api.post(f"/orders/{order['number']}:plan"))["production_orders"][0]
    async with desk(browser, stack, HANDHELD) as window:
        page = await window.sign_in("warehouse", "/warehouse")
        box = page.get_by_label("扫任务单、订单或物料条码")
        await box.fill(job["number"])
        await box.press("Enter")
        await page.get_by_role("button", name="领料 / 退料").click()
        copper = page.locator(".part", has_text=factory.copper).locator("input")
        await copper.fill("99")
        await page.get_by_role("button", name="确认领料").click()
        await expect(page.locator('.flash[data-result="conflict"], .flash[data-result="rejected"]')).to_be_visible(
            timeout=PATIENCE_MS
        )

        await expect(copper).to_have_value("99")
        await window.shot("issue-refused")
        await copper.fill("2.5")
        await page.get_by_role("button", name="确认领料").click()

        await expect(page.locator('.flash[data-result="applied"]')).to_be_visible(timeout=PATIENCE_MS)


async def test_a_renewed_link_makes_the_old_one_lead_nowhere(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.cable, 1)
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales")
        await window.open(f"/orders/{order['number']}")
        page.on("dialog", lambda dialog: dialog.accept())
        old = await page.get_by_role("link", name="/t/").get_attribute("href") or ""

        await page.get_by_role("button", name="作废并换新链接").click()

        await expect(page.get_by_role("link", name="/t/")).not_to_have_attribute("href", old)
        new = await page.get_by_role("link", name="/t/").get_attribute("href") or ""
        assert window.complaints == []
    async with desk(browser, stack, HANDHELD) as phone:
        gone = await phone.page.goto(stack.gateway_url + "/t/" + old.rsplit("/", 1)[-1])
        await expect(phone.page.get_by_role("heading")).to_contain_text("已失效")
        await phone.shot("tracking-revoked")
        assert await phone.sideways() <= 0
        works = await phone.page.goto(stack.gateway_url + "/t/" + new.rsplit("/", 1)[-1])
        assert gone is not None
        assert works is not None
        assert (gone.status, works.status) == (404, 200)
