"""What happens to a person's work when the sign-in ends, the server is away, or the live stream breaks."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from tests.e2e.client import Api
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, Desk, desk

pytestmark = [pytest.mark.timeout(300), LONG]
PATIENCE_MS = 20_000


async def a_filled_form(window: Desk, factory: Factory) -> None:
    keys = window.page.keyboard
    await window.page.locator("#customer").focus()
    await keys.type(factory.suffix)
    await keys.press("Enter")
    await expect(window.page.locator(".tag.green")).to_be_visible()
    await keys.type(factory.cable)
    await keys.press("Enter")
    await keys.type("3 件")  # pasted with its unit
    await keys.press("Tab")
    await expect(window.page.locator(".hint", has_text="可用")).to_be_visible()


async def test_an_ended_sign_in_keeps_the_form(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await a_filled_form(window, factory)
        await window.context.clear_cookies()

        await page.get_by_role("button", name="提交订单").click()
        await expect(page.get_by_role("dialog")).to_contain_text("登录已过期")
        await window.shot("signed-out-mid-form")
        await page.get_by_role("dialog").locator("input[type=password]").fill(stack.password("sales"))
        await page.keyboard.press("Enter")

        await page.wait_for_url("**/orders/SO*")
        await expect(page.get_by_text("3件", exact=True)).to_be_visible()


async def test_a_server_that_is_away_gets_the_same_command_again_and_makes_one_order(
    browser: Browser, stack: Stack, api: Api
) -> None:
    factory = await build(api)
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await a_filled_form(window, factory)
        keys: list[str] = []

        banner_seen = asyncio.Event()

        async def answer_the_third(route: Route) -> None:
            if route.request.method != "POST":
                await route.continue_()
                return
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) == 1:
                await route.fetch()  # it arrived, the answer did not
            if len(keys) < 3:
                await route.abort("connectionreset")
            else:
                await banner_seen.wait()
                await route.continue_()

        await page.route("**/api/v1/orders", answer_the_third)
        await page.get_by_role("button", name="提交订单").click()
        await expect(page.get_by_text("正在自动重试")).to_be_visible()
        await window.shot("server-away")
        banner_seen.set()

        await page.wait_for_url("**/orders/SO*", timeout=PATIENCE_MS)
        made = await api.get(f"/orders?customer_id={factory.customer_id}")

    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert len(made["items"]) == 1


async def test_the_live_stream_comes_back_and_catches_up(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders")
        await expect(page.locator(".live.on")).to_be_visible()
        await window.context.set_offline(True)
        await expect(page.locator(".live.on")).to_have_count(0, timeout=PATIENCE_MS)
        order = await api.post(
            "/orders",
            {
                "customer_id": factory.customer_id, "channel": "wechat",
                "due_date": str(stack.today + timedelta(days=20)), "lines": [{"item_code": factory.cable, "quantity": 1}],
            },
        )  # fmt: skip

        await window.context.set_offline(False)

        await expect(page.locator(".live.on")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.get_by_role("link", name=order["number"])).to_be_visible(timeout=PATIENCE_MS)
