"""The floor's rules by clicking: a policy and a bounce window, checked as typed, kept with their version."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.stack import Stack
from tests.web.browser import HANDHELD, LONG, desk

pytestmark = [pytest.mark.timeout(300), LONG]
PATH = "/settings?tab=floor"
NAMES = ("scan_policy", "bounce_seconds", "acknowledge_minutes")


async def test_a_supervisor_changes_the_floors_rules(browser: Browser, stack: Stack, api: Api) -> None:
    before = await api.get("/floor-settings")
    try:
        async with desk(browser, stack) as window:
            page = await window.sign_in("planning_supervisor", PATH)
            card = page.get_by_label("车间规则", exact=True).locator("form")
            save = card.get_by_role("button", name="保存")
            bounce, minutes = card.get_by_label("防抖时间（秒）"), card.get_by_label("变更确认时限（分钟）")
            await bounce.fill("61")
            await expect(card.get_by_text("填 0 到 60 的整数")).to_be_visible()
            await expect(save).to_be_disabled()
            await card.get_by_label("不超过上道工序").check()
            await bounce.fill("3")
            await minutes.fill("20")
            await window.shot("floor-rules")
            assert await window.barriers() == []
            await save.click()
            await expect(card.get_by_text("有修改未保存")).to_have_count(0)
            kept = await api.get("/floor-settings")
            assert [kept[name] for name in NAMES] == ["previous", 3, 20]
            assert window.complaints == []
        async with desk(browser, stack, HANDHELD) as window:
            page = await window.sign_in("planner", PATH)
            await expect(page.get_by_label("防抖时间（秒）")).to_have_value("3")
            await expect(page.get_by_label("防抖时间（秒）")).to_be_disabled()
            assert await window.barriers() == []
    finally:
        await api.put("/floor-settings", {name: before[name] for name in NAMES})
