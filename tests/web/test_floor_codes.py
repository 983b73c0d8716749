"""What a code opens on the tablet and the handheld, what a wrong one is called, and three tones told apart by ear."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.client import Api
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack
from tests.web.browser import HANDHELD, LONG, TABLET, Desk, desk
from tests.web.test_desk_work import confirmed

pytestmark = [pytest.mark.timeout(300), LONG]
BOX = "扫任务单、订单或物料条码"
LISTEN = """
window.heard = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) { window.heard.push(this.frequency.value); return start.call(this, at); };
"""


async def job_of(api: Api, stack: Stack, factory: Factory, quantity: int) -> dict[str, str]:
    """A dispatched job of two operations."""
    order = await confirmed(api, stack, factory, factory.controller, quantity)
    job: dict[str, str] = (await api.post(f"/orders/{order['number']}:plan"))["production_orders"][0]
    await api.post(f"/production-orders/{job['number']}:dispatch", {"team": "A"})
    return job


async def wedge(page: Page, code: str) -> None:
    """Keys faster than fingers, then Enter, with no field in focus."""
    await page.evaluate("document.activeElement && document.activeElement.blur()")
    await page.keyboard.type(code, delay=1)
    await page.keyboard.press("Enter")


def unexpected(window: Desk) -> list[str]:
    """Return what went wrong beside the look-ups that were meant to find nothing."""
    return [one for one in window.complaints if "404" not in one]


async def test_the_tablet_opens_the_operation_on_the_traveller_and_names_wrong_codes(
    browser: Browser, stack: Stack, api: Api
) -> None:
    factory = await build(api)
    job = await job_of(api, stack, factory, 3)
    async with desk(browser, stack, TABLET) as window:
        await window.context.add_init_script(LISTEN)
        page = await window.sign_in("team_leader", "/floor")
        await window.settle()
        await wedge(page, f"{job['number']}.20")
        await expect(page.locator(".now-line b")).to_have_text("装配")
        await wedge(page, job["number"])
        await expect(page.locator(".now-line b")).to_have_text("贴片")
        await wedge(page, f"{job['number']}-U2")
        await expect(page.get_by_text("这是单件码，每次报一件")).to_be_visible()
        await expect(page.get_by_label("合格", exact=True)).to_have_value("1")
        await page.get_by_role("button", name="报完工").click()
        await expect(page.locator('.flash[data-result="applied"]')).to_be_visible()
        rising = await page.evaluate("window.heard.splice(0)")

        for code, said in (
            (factory.copper, "这是物料“铜线”的条码，请扫流转卡上的二维码"),
            ("6901234567892", "这是商品条码"),
            (f"{job['number']} {job['number']}", "一次扫到了多个条码"),
            ("PO19990101-0001", "没有这张任务单"),
        ):
            await wedge(page, code)
            await expect(page.get_by_role("alert")).to_contain_text(said)
        low = await page.evaluate("window.heard")
        await window.shot("floor-wrong-code")

    assert rising == [880, 1320]
    assert low[:2] == [220, 165]
    assert len(low) == 8  # every wrong code is heard
    assert unexpected(window) == []


async def test_the_handheld_does_what_a_code_asks_for(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    job = await job_of(api, stack, factory, 3)
    async with desk(browser, stack, HANDHELD) as window:
        page = await window.sign_in("warehouse", "/warehouse")
        box = page.get_by_label(BOX)
        await box.fill(f"{job['number']}.20")
        await box.press("Enter")
        await expect(page.get_by_role("button", name="报完工 · 装配")).to_be_visible()
        await box.fill(factory.copper)
        await box.press("Enter")
        await expect(page.get_by_role("tab", name="盘点")).to_have_attribute("aria-selected", "true")
        await expect(page.get_by_text("12.5m")).to_be_visible()
        await page.locator("#counted").fill("12")
        await page.get_by_role("button", name="提交盘点").click()
        await expect(page.locator('.flash[data-result="applied"]')).to_contain_text("盘点 铜线 12m")
        await wedge(page, job["order_number"])
        await expect(page.locator(".target .line")).to_have_count(1)
        await wedge(page, "PO19990101-0001")
        await expect(page.get_by_role("alert")).to_contain_text(
            "没有这张任务单，流转卡可能是旧的或外厂的，请找计划员核对"
        )
        assert unexpected(window) == []

    assert (await api.get(f"/stock?item_code={factory.copper}"))["items"][0]["on_hand"] == "12"


async def test_a_supervisor_lets_a_receipt_through_on_the_handheld(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    job = await job_of(api, stack, factory, 3)
    for sequence in (10, 20):
        scan = {"scan_id": f"{job['number']}-{sequence}", "code": job["number"], "action": "finish", "device_id": "t"}
        await api.post("/scans", scan | {"occurred_at": "2026-01-01T08:00:00+08:00", "operation_sequence": sequence})
    await api.post(f"/production-orders/{job['number']}:inspect", {"passed": "3"})
    async with desk(browser, stack, HANDHELD) as window:
        page = await window.sign_in("planning_supervisor", "/warehouse")
        await page.get_by_label(BOX).fill(job["number"])
        await page.keyboard.press("Enter")
        await page.locator("#amount").fill("9")
        await page.get_by_role("button", name="确认入库").click()
        await expect(page.locator('.flash[data-result="conflict"]')).to_contain_text("最多还可入库 3")
        assert (await api.get(f"/production-orders/{job['number']}"))["received_quantity"] == "0"
        await page.get_by_role("tab", name="结果").click()
        allow = page.get_by_role("button", name="批准并重新提交")
        await expect(allow).to_be_disabled()  # nothing goes through without a reason
        await page.get_by_label("主管批准的原因").fill("客户多要")
        await window.shot("handheld-override")
        assert await window.barriers() == []
        assert await window.sideways() <= 0

        await allow.click()

        await expect(page.locator('.log li[data-result="applied"]')).to_have_count(1)
        await expect(page.locator(".log li")).to_have_count(1)
    await api.until(f"/production-orders/{job['number']}", lambda found: found["received_quantity"] == "9")


async def test_scrap_and_rework_leave_the_right_figures_on_the_tablet(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    job = await job_of(api, stack, factory, 4)
    async with desk(browser, stack, TABLET) as window:
        page = await window.sign_in("team_leader", f"/floor?job={job['number']}")
        good, scrap = page.locator("#good"), page.locator("#scrap")
        await expect(good).to_have_value("4")
        await page.get_by_label("报废 加一").click()
        await expect(good).to_have_value("3")  # a piece is not good and scrap at once
        await good.fill("1")
        await page.get_by_role("button", name="报完工").click()
        await expect(page.locator('.flash[data-result="applied"]')).to_contain_text("请继续贴片")
        await expect(good).to_have_value("2")
        await expect(scrap).to_have_value("0")
        await page.get_by_role("button", name="报完工").click()
        await expect(page.locator(".now-line")).to_contain_text(
            "剩余 3台"
        )  # the lost one never comes to the next operation
        await page.get_by_role("button", name="报完工").click()
        await expect(page.locator("#passed")).to_have_value("3")
        await page.locator("#rework").fill("1")
        await expect(page.locator("#passed")).to_have_value("2")
        await page.get_by_label("从哪道工序返工").select_option(label="贴片")
        await page.get_by_label("原因").fill("虚焊")
        await window.shot("floor-rework")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
        await page.get_by_role("button", name="提交质检").click()
        for name in ("贴片", "装配"):
            await expect(page.locator(".now-line")).to_contain_text(f"{name}剩余 1台")
            await page.get_by_role("button", name="报完工").click()
        await expect(page.locator("#passed")).to_have_value("1")  # the reworked piece alone waits for the inspector
        await page.get_by_role("button", name="提交质检").click()
        await expect(page.get_by_text("质检完毕，等仓库入库")).to_be_visible()
        assert window.complaints == []

    made = await api.get(f"/production-orders/{job['number']}")
    assert (made["passed_quantity"], made["rework_quantity"]) == ("3", "1")
    assert [step["scrap_quantity"] for step in made["operations"]] == ["1", "0"]
