"""The factory's calendar by clicking: a day turned, a night shift, a file of holidays, two people at once."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.stack import Stack
from tests.web.browser import HANDHELD, LONG, desk

pytestmark = [pytest.mark.timeout(300), LONG]
PATH = "/settings?tab=calendar"
FILE = "日期,到,安排,名称\n2027-02-06,2027-02-07,班,调休\nsoon,,休\n"


async def restored(api: Api, before: dict[str, Any]) -> None:
    kept = ("working_weekdays", "shifts", "days", "public_holidays")
    await api.put("/settings/calendar", {name: before[name] for name in kept} | {"reason": "恢复"})


async def test_a_day_a_shift_and_a_file_change_the_calendar(browser: Browser, stack: Stack, api: Api) -> None:
    before = await api.get("/settings/calendar")
    try:
        async with desk(browser, stack) as window:
            page = await window.sign_in("manager", PATH)
            await page.get_by_label("月份").fill("2026-12")
            friday = page.locator("[data-date='2026-12-25']")
            await expect(friday).to_have_attribute("data-working", "true")
            await friday.focus()
            await page.keyboard.press("Enter")
            await expect(friday).to_have_attribute("data-working", "false")
            await page.get_by_role("button", name="加一个班次").click()
            last = page.locator(".shift").last
            await last.locator("input").nth(0).fill("20:00")
            await last.locator("input").nth(1).fill("05:00")
            await expect(last.get_by_text("次日")).to_be_visible()
            chosen = {"name": "days.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
            await page.locator("input[type=file]").set_input_files(chosen)  # type: ignore[arg-type]
            await expect(page.locator("[data-date='2027-02-06']")).to_have_attribute("data-working", "true")
            await expect(page.get_by_text("没读懂：soon")).to_be_visible()
            await page.get_by_label("为什么改").fill("年底排班")
            await page.get_by_role("button", name="保存").click()
            await expect(page.get_by_text("有修改未保存")).to_have_count(0)
            await page.locator("summary").click()
            await expect(page.locator(".history")).to_contain_text("年底排班")
            await window.shot("calendar")
            assert await window.barriers() == []
            assert window.complaints == []
        kept = await api.get("/settings/calendar")
        assert {"date": "2026-12-25", "kind": "holiday", "name": None} in kept["days"]
        assert kept["shifts"][-1] == {"begin": "20:00", "end": "05:00", "breaks": []}
    finally:
        await restored(api, before)


async def test_of_two_people_the_second_is_told(browser: Browser, stack: Stack, api: Api) -> None:
    before = await api.get("/settings/calendar")
    try:
        async with desk(browser, stack) as window:
            page = await window.sign_in("planning_supervisor", PATH)
            await page.get_by_role("checkbox", name="周六").check()
            others = {"working_weekdays": [1, 2, 3, 4, 5, 7], "shifts": before["shifts"], "days": before["days"]}
            await api.put("/settings/calendar", others)
            await page.get_by_role("button", name="保存").click()
            await expect(page.get_by_text("刷新后再试").first).to_be_visible()
            await expect(page.get_by_role("checkbox", name="周六")).to_be_checked()
            await page.get_by_role("button", name="放弃修改").click()
            await expect(page.get_by_role("checkbox", name="周日")).to_be_checked()
    finally:
        await restored(api, before)


async def test_everybody_sees_it_on_a_handheld_too(browser: Browser, stack: Stack) -> None:
    async with desk(browser, stack, HANDHELD) as window:
        page = await window.sign_in("warehouse", PATH)
        await page.locator(".day").first.wait_for()
        await expect(page.locator(".day").first).to_be_disabled()
        await expect(page.get_by_role("button", name="保存")).to_have_count(0)
        await window.shot("calendar-handheld")
        assert await window.sideways() <= 0
        assert await window.barriers() == []
        assert window.complaints == []
