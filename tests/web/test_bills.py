"""Bills of materials by clicking: two versions side by side, where an item is used, and a sheet read row by row."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, desk

pytestmark = [pytest.mark.timeout(300), LONG]
HEAD = "产品型号,子件编码,子件名称,单位用量,工艺路线编号"


async def test_two_versions_of_a_bill_stand_side_by_side(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    bill = await api.get(f"/boms/{factory.controller}")
    lines = [{"component": factory.copper, "quantity_per": "3.5"}, {"component": factory.magnet, "quantity_per": "1"}]
    await api.put(f"/boms/{factory.controller}", {"routing_code": bill["routing_code"], "lines": lines})
    async with desk(browser, stack) as window:
        page = await window.sign_in("planner", f"/planning?tab=bom&item={factory.controller}")
        await expect(page.locator('li[data-kind="changed"]', has_text=factory.copper)).to_contain_text("2.5")

        await expect(page.locator('li[data-kind="changed"]', has_text=factory.copper)).to_contain_text("3.5")
        await expect(page.locator('li[data-kind="added"]')).to_contain_text(factory.magnet)
        await expect(page.locator('li[data-kind="removed"]')).to_have_count(1)
        await window.shot("bom-diff")
        assert await window.barriers() == []

        await window.open(f"/planning?tab=bom&item={factory.copper}")
        await expect(page.get_by_role("link", name="B控制器")).to_be_visible()  # where it is used
        await expect(page.get_by_role("link", name="A电机")).to_be_visible()
        assert window.complaints == []


async def test_a_sheet_is_read_row_by_row_before_anything_is_kept(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    rows = [
        HEAD, f"{factory.controller},{factory.copper},铜线,4.25,", f"{factory.motor},NO-SUCH,没有,1,",
        f"{factory.motor},{factory.copper},铜线,很多,",
    ]  # fmt: skip
    sheet = {"name": "bom.csv", "mimeType": "text/csv", "buffer": "\ufeff".encode() + "\r\n".join(rows).encode()}
    async with desk(browser, stack) as window:
        page = await window.sign_in("planner", "/planning?tab=import")
        await page.locator("input[type=file]").set_input_files(sheet)
        await expect(page.get_by_text("2 行有问题")).to_be_visible()
        await page.get_by_label("只看有问题的行").uncheck()
        await expect(page.locator("tbody tr")).to_have_count(3)
        await window.shot("bom-import")
        assert await window.barriers() == []
        before = await api.get(f"/boms/{factory.controller}")
        assert before["version"] == 1

        await page.get_by_role("button", name="写入可用的行").click()

        await expect(page.get_by_text("已写入 1 个产品").first).to_be_visible()
        after = await api.get(f"/boms/{factory.controller}")
        assert window.complaints == []

    assert (after["version"], [line["quantity_per"] for line in after["lines"]]) == (2, ["4.25"])
