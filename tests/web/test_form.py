"""The order form behind a QR: on a small phone, with pictures, closed when revoked, calm when it is asked too often."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, SMALL, desk

pytestmark = [pytest.mark.timeout(300), LONG]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080200000090775 3de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082".replace(" ", "")
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_customer_orders_on_a_small_phone(browser: Browser, stack: Stack, api: Api, dark: bool) -> None:
    factory = await build(api)
    form = await api.post(
        "/forms",
        {"label": f"客户群 {factory.suffix}", "sales_owner": "sales", "item_codes": [factory.cable, factory.motor]},
    )
    async with desk(browser, stack, SMALL, dark=dark) as window:
        page = await window.open(f"/f/{form['code']}")
        await page.locator("form").wait_for()
        await window.shot(f"form{'-dark' if dark else ''}")
        assert await window.barriers() == []
        assert await window.sideways() <= 0

        await page.locator("#good-0").select_option(factory.cable)
        await page.locator("#many-0").fill("３ 件")
        await page.get_by_role("button", name="再加一个产品").click()
        await page.locator("#good-1").select_option(factory.motor)
        await page.locator("#many-1").fill("2")
        await page.get_by_label("公司名称").fill(f"新客户{factory.suffix}{dark}")
        await page.get_by_label("联系人", exact=True).fill("王工")
        await page.get_by_label("手机号").fill(f"139{int(factory.suffix, 36) % 10**7:07d}{int(dark)}")
        await page.locator("input[type=file]").set_input_files(
            {"name": "样品.png", "mimeType": "image/png", "buffer": PNG}
        )
        await expect(page.get_by_text("样品.png")).to_be_visible()
        await page.get_by_role("button", name="提交订单").click()

        await expect(page.get_by_text("订单已收到")).to_be_visible()
        await window.shot(f"form-thanks{'-dark' if dark else ''}")
        assert await window.barriers() == []
        number = await page.locator(".number").inner_text()
        link = await page.get_by_role("link", name="查看订单进度").get_attribute("href") or ""
        assert window.complaints == []
        order = await api.get(f"/orders/{number}")
        await window.open("/t/" + link.rsplit("/", 1)[-1])
        await expect(page.get_by_text(number)).to_be_visible()

    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", f"/orders/{number}")
        await expect(page.get_by_role("img", name="样品.png")).to_be_visible()
        assert window.complaints == []
    assert (order["sales_owner"], order["channel"], len(order["attachment_ids"])) == ("sales", "web", 1)
    assert [line["quantity"] for line in order["lines"]] == ["3", "2"]


async def test_a_form_stopped_while_open_keeps_nobody_guessing(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    form = await api.post("/forms", {"label": "即将停用", "sales_owner": "sales", "item_codes": [factory.cable]})
    async with desk(browser, stack, SMALL) as window:
        page = await window.open(f"/f/{form['code']}")
        await page.locator("#good-0").select_option(factory.cable)
        await page.locator("#many-0").fill("1")
        await page.get_by_label("公司名称").fill("来晚了")
        await page.get_by_label("联系人", exact=True).fill("王工")
        await page.get_by_label("手机号").fill("13900139000")
        await api.post(f"/forms/{form['code']}:revoke")

        await page.get_by_role("button", name="提交订单").click()

        await expect(page.get_by_text("已停用").first).to_be_visible()
        answer = await page.goto(f"{stack.gateway_url}/f/{form['code']}")
        assert answer is not None
        assert answer.status == 410
        await expect(page.get_by_role("heading")).to_contain_text("已停用")
        await window.shot("form-closed")
        assert await window.sideways() <= 0
