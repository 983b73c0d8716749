"""Settings by clicking: a message tried before it is kept, the mailbox, papers to print."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, TABLET, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]
MAIL_MS = 15_000


async def test_a_subscription_shows_what_it_would_say_and_tells_the_mailbox(
    browser: Browser, stack: Stack, api: Api
) -> None:
    factory = await build(api)
    code = f"box-{factory.suffix.lower()}"
    await api.put(f"/notification-channels/{code}", {"kind": "in_app", "name": "站内"})
    async with desk(browser, stack) as window:
        page = await window.sign_in("manager", "/settings?tab=subscriptions")
        await page.get_by_role("button", name="新增订阅").click()
        await page.locator("#s-code").fill(code)
        await page.locator("#s-event").select_option("orderhub.order.v1.OrderConfirmed")
        await page.locator("#s-channel").fill(code)
        await page.locator("#s-role").fill("planner")
        await page.locator("#s-template").fill("请看 {order_number}，{nothing_like_it}")
        await expect(page.get_by_text("这个事件没有字段：nothing_like_it")).to_be_visible()
        await page.locator("#s-template").fill(f"请看 {{order_number}} {factory.suffix}")
        await expect(page.locator(".preview")).to_contain_text("请看 SO")
        await window.shot("subscription")
        assert await window.barriers() == []
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("cell", name=code).first).to_be_visible()
        assert window.complaints == []
    async with desk(browser, stack) as window:
        page = await window.sign_in("planner")
        order = await confirmed(api, stack, factory, factory.cable, 1)
        bell = page.get_by_role("button", name="未读")
        await expect(bell).to_be_visible(timeout=MAIL_MS)
        await bell.click()
        mail = page.get_by_role("link", name=f"请看 {order['number']} {factory.suffix}")
        await expect(mail).to_be_visible(timeout=MAIL_MS)
        await window.shot("mailbox")
        assert await window.barriers() == []
        await mail.click()
        await page.wait_for_url(f"**/orders/{order['number']}")
        await page.get_by_role("button", name="站内消息").click()
        await expect(page.locator("li.unread", has_text=order["number"])).to_have_count(0)
        assert window.complaints == []


async def test_quiet_hours_are_set_on_ones_own_page_and_seen_in_the_settings(browser: Browser, stack: Stack) -> None:
    async with desk(browser, stack) as window:
        page = await window.sign_in("manager", "/me")
        card = page.get_by_label("我的免打扰时段")
        await expect(card.get_by_role("status")).to_be_visible()
        assert await window.barriers() == []
        await card.locator("#q-from").fill("22:00")
        await card.locator("#q-to").fill("07:30")
        await card.get_by_role("button", name="保存").click()
        await expect(card.get_by_role("status")).to_have_text("每天 22:00 至 07:30 免打扰")
        await window.shot("me-quiet")
        await page.goto(f"{stack.gateway_url}/settings?tab=quiet")
        row = page.get_by_role("row", name="22:00–07:30").first
        await expect(row).to_be_visible()
        await window.shot("quiet-hours")
        assert await window.barriers() == []
        await page.goto(f"{stack.gateway_url}/me")
        await card.get_by_role("button", name="关闭免打扰").click()
        await expect(card.get_by_role("status")).to_have_text("没有设置免打扰")
        assert window.complaints == []


async def test_every_delivery_is_listed_and_a_lost_one_can_go_again(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    code = f"off-{factory.suffix.lower()}"
    await api.put(f"/notification-channels/{code}", {"kind": "wecom", "name": code, "active": False})
    told = {"event_type": "orderhub.order.v1.OrderConfirmed", "channel": code, "template": "{order_number}"}
    await api.put(f"/subscriptions/{code}", told)
    order = await confirmed(api, stack, factory, factory.cable, 1)
    async with desk(browser, stack) as window:
        page = await window.sign_in("manager", "/settings?tab=deliveries")
        stuck = page.locator(".stuck li", has_text=code)
        await expect(stuck).to_be_visible(timeout=MAIL_MS)
        await window.shot("deliveries")
        assert await window.barriers() == []
        await api.put(f"/notification-channels/{code}", {"kind": "wecom", "name": code, "active": True})
        await stuck.get_by_role("button", name="全部重发").click()
        await expect(page.get_by_text("已重发 1 条")).to_be_visible(timeout=MAIL_MS)
        await expect(stuck).to_have_count(0, timeout=MAIL_MS)
        await expect(page.get_by_role("row", name=order["number"]).first).to_be_visible()
        assert window.complaints == []


async def test_papers_come_as_pdf(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.controller, 1, due_date=str(stack.today + timedelta(days=9)))
    job = (await api.post(f"/orders/{order['number']}:plan"))["production_orders"][0]
    async with desk(browser, stack) as window:
        page = await window.sign_in("planner", f"/orders/{order['number']}")
        for name in ("下载凭证 PDF", "打印流转卡"):
            async with page.expect_download() as waiting:
                await page.get_by_role("link", name=name).click()
            assert (await (await waiting.value).path()).read_bytes().startswith(b"%PDF-")
    async with desk(browser, stack, TABLET) as window:
        page = await window.sign_in("team_leader", f"/floor?job={job['number']}")
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="打印流转卡").click()
        assert (await (await waiting.value).path()).read_bytes().startswith(b"%PDF-")
        await window.shot("floor-job")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
