"""The office by clicking: an order begun is not lost, an old one is made again, lists leave as sheets, the stock is looked up."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Dialog, Page, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]
PATIENCE_MS = 15_000


async def sheet(page: Page, role: str = "button") -> list[list[str]]:
    """What 导出 CSV gives, as rows."""
    async with page.expect_download() as waiting:
        await page.get_by_role("button" if role == "button" else "link", name="导出 CSV").first.click()
    text = (await (await waiting.value).path()).read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


async def test_an_order_begun_is_not_lost_by_a_wrong_click(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.dismiss()

    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await page.get_by_role("link", name="库存").click()
        await page.wait_for_url("**/stock")  # nothing typed, nothing asked
        await page.go_back()
        page.on("dialog", stay)
        await page.locator("#customer").fill(factory.suffix)
        await page.get_by_role("link", name="库存").click()
        await expect(page.locator("#customer")).to_have_value(factory.suffix)

        assert page.url.endswith("/orders/new")
        assert len(asked) == 1
        assert "没有提交" in asked[0]


async def test_a_line_not_told_whole_holds_the_order_back(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await page.locator("#customer").fill(factory.suffix)
        await page.keyboard.press("Enter")
        await page.locator("#item-0").fill(factory.cable)
        await page.keyboard.press("Enter")
        await page.locator("#quantity-0").fill("2")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="提交订单")).to_be_enabled()
        await page.locator("#item-1").fill(factory.motor)
        await page.keyboard.press("Tab")  # typed, never chosen
        await page.locator("#quantity-1").fill("1")
        await expect(page.get_by_text("第 2 行还没有选定物料或填数量")).to_be_visible()
        await expect(page.get_by_role("button", name="提交订单")).to_be_disabled()
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#item-1")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="提交订单")).to_be_enabled()
        await page.keyboard.press("Control+Enter")
        await page.wait_for_url("**/orders/SO*")
        assert window.complaints == []
    made = await api.get(f"/orders?customer_id={factory.customer_id}")

    assert [[line["quantity"] for line in order["lines"]] for order in made["items"]] == [["2", "1"]]


async def test_an_old_order_is_made_again_and_the_list_leaves_as_a_sheet(
    browser: Browser, stack: Stack, api: Api
) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.cable, 7)
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", f"/orders/{order['number']}")
        await page.get_by_role("link", name="照此下单").click()
        await expect(page.locator("#quantity-0")).to_have_value("7")
        await page.locator("#due").fill(str(stack.today + timedelta(days=21)))
        await page.get_by_role("button", name="提交订单").click()
        await page.wait_for_url("**/orders/SO*")

        await window.open(f"/orders?customer_id={factory.customer_id}")
        await expect(page.get_by_text("客户：")).to_contain_text(factory.suffix)
        rows = await sheet(page)
        assert [(row[4], row[6]) for row in rows[1:]] == [(factory.cable, "7"), (factory.cable, "7")]
        assert order["number"] in {row[0] for row in rows}
        await page.get_by_role("button", name="不限客户").click()
        await expect(page).to_have_url(f"{stack.gateway_url}/orders")
        assert window.complaints == []


async def test_the_stock_is_looked_up_with_its_movements(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    line = {"item_code": factory.cable, "quantity": 12}
    await api.post("/stock/movements", {"kind": "receipt", "lines": [line], "reason": "期初"})
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/stock")
        await page.get_by_role("searchbox", name="搜索").last.fill(factory.cable)
        row = page.get_by_role("row", name=factory.cable)
        await expect(page.locator("tbody > tr")).to_have_count(1)
        await row.get_by_role("button", name="流水").click()
        await expect(page.locator("tr.detail")).to_contain_text("+12件")
        await expect(page.locator("tr.detail")).to_contain_text("期初")
        await window.shot("stock")
        assert await window.barriers() == []
        rows = await sheet(page, "link")
        assert [row[0] for row in rows[1:]] == [factory.cable]
        await page.get_by_label("筛选").select_option("short")
        await expect(page.get_by_text("没有符合条件的物料")).to_be_visible()
        assert window.complaints == []


async def test_rubbish_in_an_invoice_is_no_zero(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    await api.post("/stock/movements", {"kind": "receipt", "lines": [{"item_code": factory.cable, "quantity": 12}]})
    order = await confirmed(api, stack, factory, factory.cable, 2)
    number = order["number"]
    await api.post(f"/orders/{number}:plan")
    await api.post("/shipments", {"lines": [{"order": number, "line_no": 1, "quantity": 2}]})
    async with desk(browser, stack) as window:
        page = await window.sign_in("finance", "/finance")
        task = page.locator(".tasks > li", has_text=number)
        await task.get_by_role("button", name="登记发票").click(timeout=PATIENCE_MS)
        await task.get_by_label("发票号码").fill(f"INV-{factory.suffix}")
        quantity = task.get_by_label("（件）")
        await quantity.fill("两件")
        await page.keyboard.press("Tab")
        await expect(task.get_by_text("请填数量，不开可填 0")).to_be_visible()
        await expect(task.get_by_role("button", name="保存")).to_be_disabled()
        await quantity.fill("２ 件")
        await page.keyboard.press("Tab")
        await expect(quantity).to_have_value("2")
        assert await window.barriers() == []
        await task.get_by_role("button", name="保存").click()
        await expect(page.get_by_text(f"发票 INV-{factory.suffix} 已登记")).to_be_visible()
        assert window.complaints == []


async def test_goods_that_came_back_are_credited(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    await api.post("/stock/movements", {"kind": "receipt", "lines": [{"item_code": factory.cable, "quantity": 12}]})
    order = await confirmed(api, stack, factory, factory.cable, 2)
    number, sent = order["number"], [{"order": order["number"], "line_no": 1, "quantity": 2}]
    await api.post(f"/orders/{number}:plan")
    await api.post("/shipments", {"lines": sent})
    tasks = f"/invoice-tasks?order={number}"
    task = (await api.until(tasks, lambda found: bool(found["items"])))["items"][0]
    await api.post(f"/invoice-tasks/{task['id']}:invoice", {"invoice_no": f"INV-{factory.suffix}"})
    await api.post("/returns", {"scan_id": str(uuid4()), "lines": [sent[0] | {"quantity": 1}], "reason": "坏了"})
    await api.until(tasks, lambda found: found["items"][0]["state"] == "open")
    async with desk(browser, stack) as window:
        page = await window.sign_in("finance", "/finance")
        row = page.locator(".tasks > li", has_text=number)
        await row.get_by_role("button", name="登记发票").click(timeout=PATIENCE_MS)
        quantity = row.get_by_label("（件）")
        await expect(quantity).to_have_value("-1")
        await expect(row.get_by_text("请开红字发票，数量为负")).to_be_visible()
        await quantity.fill("－１ 件")
        await page.keyboard.press("Tab")
        await expect(quantity).to_have_value("-1")
        await row.get_by_label("发票号码").fill(f"RED-{factory.suffix}")
        await window.shot("invoice-credit")
        assert await window.barriers() == []
        await row.get_by_role("button", name="保存").click()
        await expect(page.get_by_text(f"发票 RED-{factory.suffix} 已登记")).to_be_visible()
        assert window.complaints == []
    assert (await api.get(tasks))["items"][0]["state"] == "done"
    assert (await api.get(f"/orders/{number}"))["lines"][0]["invoiced_quantity"] == "1"


async def test_dates_read_the_same_in_a_browser_of_another_language(browser: Browser, stack: Stack) -> None:
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await page.locator("#due").fill("2031-03-04")
        await page.locator("#note").focus()
        await expect(page.locator(".date-box", has=page.locator("#due"))).to_contain_text("2031-03-04 周二")
