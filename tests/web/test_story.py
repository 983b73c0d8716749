"""The story of issue 2 by clicking: from the phone call to the invoice, each person at their own screen."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack
from tests.web.browser import DESK, HANDHELD, TABLET, Desk, desk

pytestmark = [pytest.mark.timeout(300)]
FRESH_MS = 5_000


async def test_an_order_walks_the_house_by_clicking(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    async with AsyncExitStack() as open_windows:
        sales = await open_windows.enter_async_context(desk(browser, stack, DESK))
        planner = await open_windows.enter_async_context(desk(browser, stack, DESK))
        floor = await open_windows.enter_async_context(desk(browser, stack, TABLET))
        store = await open_windows.enter_async_context(desk(browser, stack, HANDHELD))

        number = await a_call_becomes_an_order(sales, factory, stack)
        await the_planner_confirms_and_plans(planner, number)
        await a_receipt_clears_the_banner(planner, store, factory, number)
        jobs = await made_on_the_floor(floor, api, number)
        await received(store, jobs)
        await shipped(store, number)
        await the_customer_sees_it(browser, stack, sales, number)
        await invoiced(browser, stack, number)
        for window in (sales, planner, floor, store):
            assert window.complaints == []


async def a_call_becomes_an_order(window: Desk, factory: Factory, stack: Stack) -> str:
    page = await window.sign_in("sales", "/orders/new")
    keys = page.keyboard
    await keys.type(factory.suffix)
    await keys.press("Enter")
    await expect(page.locator(".tag.green")).to_be_visible()
    for code, quantity in ((factory.motor, "2"), (factory.controller, "1"), (factory.cable, "5")):
        await keys.type(code)
        await keys.press("Enter")
        await keys.type(quantity)
        await keys.press("Enter")
    await page.locator("#due").fill(str(stack.today + timedelta(days=2)))
    await page.locator("#urgency").select_option("red")
    await expect(page.get_by_text("该交期需确认产能")).to_be_visible()
    await expect(page.get_by_role("button", name="提交订单")).to_be_enabled()

    await keys.press("Control+Enter")

    await page.wait_for_url("**/orders/SO*")
    await expect(page.get_by_text("待产能确认").first).to_be_visible()
    return page.url.rsplit("/", 1)[-1]


async def the_planner_confirms_and_plans(window: Desk, number: str) -> None:
    page = await window.sign_in("planner")
    lane = page.get_by_role("region", name="待确认产能")
    await lane.locator("li", has_text=number).get_by_role("button", name="确认产能").click()
    await expect(lane.get_by_text(number)).to_have_count(0, timeout=FRESH_MS)
    await window.open(f"/orders/{number}")
    await page.get_by_role("button", name="确认订单").click()
    await page.get_by_role("button", name="一键排计划").click()
    await expect(page.get_by_text("缺料预警：铜线差5m", exact=True).first).to_be_visible()
    await window.shot("story-shortage")


async def a_receipt_clears_the_banner(planner: Desk, store: Desk, factory: Factory, number: str) -> None:
    page = await store.sign_in("warehouse", "/warehouse")
    await page.get_by_role("tab", name="盘点").click()
    await page.locator("#count-item").fill(factory.copper)
    await page.locator("#count-item").press("Enter")
    await expect(page.get_by_text("12.5m")).to_be_visible()
    await page.locator("#counted").fill("17.5")

    await page.get_by_role("button", name="提交盘点").click()

    await expect(planner.page.get_by_text("缺料预警：铜线差5m")).to_have_count(0, timeout=FRESH_MS)


async def made_on_the_floor(window: Desk, api: Api, number: str) -> list[Json]:
    page = await window.sign_in("team_leader", "/floor")
    jobs = (await api.get(f"/production-orders?order={number}"))["items"]
    jobs.sort(key=lambda job: job["parent_number"] is None)  # parts first
    for job in jobs:
        await scan(page, job["scan_code"] or job["number"])
        await page.get_by_role("button", name="派工", exact=True).click()
        for operation in job["operations"]:
            await expect(page.locator(".now-line b")).to_have_text(operation["name"], timeout=FRESH_MS)
            await page.get_by_role("button", name="开工").click()
            await expect(page.locator(".steps .started")).to_have_count(1, timeout=FRESH_MS)
            await page.get_by_role("button", name="报完工").click()
            await expect(page.locator('.flash[data-result="applied"]')).to_contain_text(job["quantity"])
        await window.shot("story-inspect")
        await page.get_by_role("button", name="提交质检").click()
        await expect(page.get_by_role("button", name="提交质检")).to_have_count(0, timeout=FRESH_MS)
    return jobs


async def scan(page: Page, code: str) -> None:
    """A keyboard-wedge scanner: keys faster than fingers, then Enter."""
    await page.locator("h1").first.click()
    await page.keyboard.type(code, delay=2)
    await page.keyboard.press("Enter")
    await expect(page.locator(".desk, .target").first).to_contain_text(code.split("|")[0][:2], timeout=FRESH_MS)


async def received(window: Desk, jobs: list[Json]) -> None:
    page = window.page
    await page.get_by_role("tab", name="作业").click()
    for job in jobs:
        await page.get_by_label("扫任务单、订单或物料条码").fill(job["number"])
        await page.keyboard.press("Enter")
        await expect(page.locator(".target")).to_contain_text(job["number"])
        await page.get_by_role("button", name="确认入库").click()
        await expect(page.locator('.flash[data-result="applied"]')).to_contain_text(job["number"])
    await window.shot("story-received")


async def shipped(window: Desk, number: str) -> None:
    page = window.page
    await page.get_by_label("扫任务单、订单或物料条码").fill(number)
    await page.keyboard.press("Enter")
    await expect(page.locator(".target .line")).to_have_count(3)
    for line in await page.locator(".target .line").all():
        await line.locator("button.full").click()
    await page.get_by_label("承运商").fill("顺丰")
    await page.get_by_label("物流单号").fill("SF123456789")
    await window.shot("story-ship")
    await page.get_by_role("button", name="确认发货").click()
    await expect(page.locator('.flash[data-result="applied"]')).to_contain_text(number)


async def the_customer_sees_it(browser: Browser, stack: Stack, sales: Desk, number: str) -> None:
    await sales.open(f"/orders/{number}")
    link = sales.page.get_by_role("link", name="/t/")
    address = await link.get_attribute("href") or ""
    async with desk(browser, stack, HANDHELD) as phone:
        await phone.page.goto(stack.gateway_url + "/t/" + address.rsplit("/", 1)[-1])
        await expect(phone.page.locator(".track")).to_be_visible()  # the script has taken over
        await expect(phone.page.get_by_text("SF123456789")).to_be_visible()
        await expect(phone.page.get_by_text("您刚来电确认的订单").first).to_be_visible()
        await phone.shot("customer")
        assert await phone.sideways() <= 0
        assert phone.complaints == []


async def invoiced(browser: Browser, stack: Stack, number: str) -> None:
    async with desk(browser, stack) as window:
        page = await window.sign_in("finance", "/finance")
        task = page.locator(".tasks > li", has_text=number)
        await task.get_by_role("button", name="登记发票").click()
        await task.get_by_label("发票号码").fill("25312000000012345678")
        await window.shot("story-invoice")

        await task.get_by_role("button", name="保存").click()

        await expect(page.locator(".tasks > li", has_text=number)).to_have_count(0, timeout=FRESH_MS)
        assert window.complaints == []
