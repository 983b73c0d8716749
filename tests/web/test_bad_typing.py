"""What people really type: rubbish in number fields, very long names, two hundred lines, and no mouse at all."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import DESK, HANDHELD, LONG, desk

pytestmark = [pytest.mark.timeout(300), LONG]
LINES = 200
PATIENCE_MS = 20_000


async def test_an_order_is_entered_with_the_keyboard_alone(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        keys = page.keyboard
        await expect(page.locator("#customer")).to_be_focused()
        await keys.type(factory.suffix)
        await keys.press("Enter")
        await expect(page.locator("#item-0")).to_be_focused()
        await keys.type(factory.cable)
        await keys.press("Enter")
        await expect(page.locator("#quantity-0")).to_be_focused()
        await keys.type("2")
        await keys.press("Enter")
        await expect(page.locator("#item-1")).to_be_focused()
        await keys.type(factory.motor)
        await keys.press("Enter")
        await keys.type("1")
        await expect(page.get_by_role("button", name="提交订单")).to_be_enabled()
        await keys.press("Control+Enter")
        await page.wait_for_url("**/orders/SO*")
        assert window.complaints == []
    made = await api.get(f"/orders?customer_id={factory.customer_id}")

    assert [[line["quantity"] for line in order["lines"]] for order in made["items"]] == [["2", "1"]]


async def test_an_answer_that_comes_while_somebody_types_leaves_what_is_typed(
    browser: Browser, stack: Stack, api: Api
) -> None:
    factory = await build(api)
    answer = asyncio.Event()

    async def late(route: Route) -> None:
        await answer.wait()
        await route.continue_()

    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await page.route("**/api/v1/items?*", late)
        await page.locator("#item-0").fill(factory.copper)
        await page.keyboard.press("Enter")
        await expect(page.locator("#quantity-0")).to_be_focused()
        await page.keyboard.type("1.")
        answer.set()
        await expect(page.locator(".quantity .unit").first).to_have_text("m")
        await expect(page.locator(".hint").first).to_contain_text("可用")
        await page.keyboard.type("5")
        await page.keyboard.press("Enter")
        await expect(page.locator("#quantity-0")).to_have_value("1.5")
        assert window.complaints == []


async def test_a_lookup_that_failed_says_so_and_is_tried_again(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    refusal = {"type": "about:blank", "title": "请求太多", "status": 429, "reason": "TOO_MANY_REQUESTS"}
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await page.route("**/api/v1/items?*", lambda route: route.fulfill(status=429, json=refusal))
        await page.locator("#item-0").fill(factory.cable)
        await page.keyboard.press("Enter")
        await expect(page.locator("#item-0")).to_be_focused()
        await expect(page.get_by_text("请求太多").first).to_be_visible()
        await page.unroute_all(behavior="wait")
        await page.keyboard.press("Enter")
        await expect(page.locator(".quantity .unit").first).to_have_text("件")
        await expect(page.locator("#quantity-0")).to_be_focused()


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("３ 件", "3"),
        ("1,200.50", "1200.50"),
        ("约 2 个", "2"),
        ("abc", ""),
        ("🙂", ""),
        ("<b>7</b>", "7"),
        ("9" * 300, "9" * 24),
    ],
)
async def test_rubbish_in_a_number_field_becomes_its_number_or_nothing(
    browser: Browser, stack: Stack, pasted: str, kept: str
) -> None:
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await page.locator("#quantity-0").focus()
        await page.keyboard.insert_text(pasted)
        await page.keyboard.press("Tab")

        await expect(page.locator("#quantity-0")).to_have_value(kept)
        assert window.complaints == []


@pytest.mark.parametrize("size", [DESK, HANDHELD], ids=["desk", "handheld"])
async def test_very_long_names_break_no_page(browser: Browser, stack: Stack, api: Api, size: tuple[int, int]) -> None:
    factory = await build(api)
    await api.put(f"/items/{factory.cable}", {"name": "超长名称线缆" * 30, "unit": "件", "supply": "buy"})
    customer = await api.post(
        "/customers",
        {"name": ("无锡特别长名字的电机控制系统股份有限公司" * 9)[:180] + factory.suffix,
         "contacts": [{"name": "W" * 90, "phone": f"136{int(factory.suffix, 16) % 10**8:08d}"}]},
    )  # fmt: skip
    order = await api.post(
        "/orders",
        {
            "customer_id": customer["id"], "channel": "wechat", "due_date": str(stack.today + timedelta(days=20)),
            "note": "x" * 1500, "source_ref": f"{factory.suffix}-" + "R" * 80,
            "lines": [{"item_code": factory.cable, "quantity": "123456789.5"[:9]}],
        },
    )  # fmt: skip
    async with desk(browser, stack, size) as window:
        page = await window.sign_in("sales", f"/orders/{order['number']}")
        await page.get_by_text("穿透时效").first.wait_for()
        await window.settle()
        await window.shot(f"long-names-{size[0]}")
        assert await window.sideways() <= 0
        for path in ("/", f"/orders?q={order['number']}"):
            await window.open(path)
            await window.settle()
            assert await window.sideways() <= 0
        await window.open("/t/" + order["tracking_url"].rsplit("/", 1)[-1])
        await expect(page.locator(".track")).to_be_visible()
        assert await window.sideways() <= 0
        assert window.complaints == []


async def test_two_hundred_lines_are_entered_and_shown(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    wide = await api.post(
        "/orders",
        {
            "customer_id": factory.customer_id, "channel": "wechat", "due_date": str(stack.today + timedelta(days=20)),
            "lines": [{"item_code": factory.cable, "quantity": n + 1} for n in range(LINES)],
        },
    )  # fmt: skip
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await page.keyboard.type(factory.suffix)
        await page.keyboard.press("Enter")
        await page.locator(".recent li", has_text=wide["number"]).get_by_role("button", name="照此下单").click()
        await expect(page.locator(".lines .line .no")).to_have_count(LINES)
        await page.locator("#due").fill(str(stack.today + timedelta(days=25)))
        await page.get_by_role("button", name="提交订单").click(timeout=PATIENCE_MS)

        await page.wait_for_url("**/orders/SO*", timeout=PATIENCE_MS)
        await expect(page.locator("tbody tr", has_text=factory.cable)).to_have_count(LINES)
        assert await window.sideways() <= 0
        assert window.complaints == []
