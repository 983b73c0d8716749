"""What customers see of their salesperson, what was refused and why, parcels put right, goods chosen for a form."""

from __future__ import annotations

import httpx2
import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api
from tests.e2e.factory import build, phone
from tests.e2e.stack import Stack
from tests.web.browser import DESK, HANDHELD, LONG, desk
from tests.web.test_desk_work import confirmed
from tests.web.test_form import PNG

pytestmark = [pytest.mark.timeout(300), LONG]


async def test_a_customer_sees_the_face_behind_the_call(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    headers = {"Idempotency-Key": factory.suffix, "Authorization": f"Bearer {api.token}"}
    kept = await api.http.post("/attachments", files={"file": ("图纸.png", PNG, "image/png")}, headers=headers)
    order = await confirmed(
        api, stack, factory, factory.cable, 1, channel="phone", sales_owner="sales", attachment_ids=[kept.json()["id"]]
    )
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/me")
        await page.locator("input[type=file]").set_input_files(
            {"name": "我.png", "mimeType": "image/png", "buffer": PNG}
        )
        await expect(page.locator(".preview .face img")).to_be_visible()
        signature = f"您的订单，我负责到底 {factory.suffix}"
        await page.get_by_label("签名").fill(signature)
        await page.locator(".sign").get_by_role("button", name="保存").click()
        await expect(page.locator(".preview .signature")).to_have_text(signature)
        await expect(page.locator(".el-message")).to_have_count(0, timeout=10_000)  # a fading word has no contrast
        await window.shot("me")
        assert await window.barriers() == []
        assert window.complaints == []

    async with desk(browser, stack, HANDHELD) as window:
        page = await window.open("/t/" + order["tracking_url"].rsplit("/", 1)[-1])
        await expect(page.get_by_text("您刚来电确认的订单").first).to_be_visible()
        await expect(page.locator(".owner")).to_contain_text(signature)
        drawn = await page.locator(".owner img").evaluate("image => image.decode().then(() => image.naturalWidth)")
        assert drawn == 256
        async with page.expect_download() as coming:
            await page.get_by_role("link", name="图纸.png").click()
        assert (await (await coming.value).path()).read_bytes() == PNG
        await window.shot("tracking-phone")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
        assert window.complaints == []


async def test_a_refused_order_waits_for_somebody_to_call_back(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    form = await api.post("/forms", {"label": f"展会 {factory.suffix}", "sales_owner": "sales"})
    async with httpx2.AsyncClient(base_url=f"{stack.gateway_url}/api/v1", trust_env=False) as stranger:
        body = {
            "company": f"被拒公司{factory.suffix}", "contact_name": "王工", "phone": phone(factory.suffix),
            "due_date": "2020-01-01", "lines": [{"item_code": factory.copper, "quantity": 1}],
        }  # fmt: skip
        answer = await stranger.post(f"/forms/{form['code']}/orders", json=body, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 422, answer.text

    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/refused")
        card = page.locator(".refused", has_text=f"被拒公司{factory.suffix}")
        await expect(card).to_contain_text("可订产品")
        await expect(card.get_by_role("link", name=phone(factory.suffix))).to_be_visible()
        await window.settle()
        await window.shot("refused")
        assert await window.barriers() == []
        await card.get_by_role("button", name="标为已处理").click()
        await card.get_by_label("怎么处理的").fill("已回电")
        await page.keyboard.press("Enter")
        await expect(card).to_have_count(0)
        await page.get_by_role("tab", name="已处理").click()
        await expect(card).to_contain_text("已回电")
        assert window.complaints == []


async def test_a_tracking_number_is_entered_later_and_put_right(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    order = await confirmed(api, stack, factory, factory.cable, 2)
    lines = [{"order": order["number"], "line_no": 1, "quantity": 1}]
    await api.post("/shipments", {"lines": lines})
    async with desk(browser, stack) as window:
        page = await window.sign_in("warehouse", f"/orders/{order['number']}")
        for button, said, shown in (("补录物流单号", "SF1，SF2 SF1", "SF1、SF2"), ("更正物流单号", "SF3", "SF3")):
            await page.get_by_role("button", name=button).click()
            await page.get_by_label("物流单号", exact=False).last.fill(said)
            await page.keyboard.press("Enter")
            await expect(page.locator(".list li", has_text="送货单")).to_contain_text(shown)
        await window.shot("order-parcels")
        assert window.complaints == []
    [shipment] = (await api.get(f"/shipments?order={order['number']}"))["items"]
    assert shipment["tracking_numbers"] == ["SF3"]


async def test_goods_are_chosen_for_a_form(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    label = f"备件 {factory.suffix}"
    form = await api.post("/forms", {"label": label, "sales_owner": "sales"})
    async with desk(browser, stack, DESK) as window:
        page = await window.sign_in("sales", "/settings?tab=forms")
        await page.get_by_role("button", name=f"修改 {label}").click()
        await page.locator("#goods-edit").fill(factory.cable)
        await expect(page.get_by_role("option")).to_have_count(1)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog").locator(".tag", has_text="C线缆")).to_be_visible()
        await window.shot("form-goods")
        await page.get_by_role("dialog").get_by_role("button", name="保存").click()
        await expect(page.locator(".forms li", has_text=label)).to_contain_text("1 种产品")
        assert window.complaints == []
    shown = await api.get(f"/forms/{form['code']}")
    assert [item["code"] for item in shown["items"]] == [factory.cable]


async def test_a_line_removed_by_mistake_comes_back(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    async with desk(browser, stack) as window:
        page = await window.sign_in("sales", "/orders/new")
        await page.locator("#item-0").fill(factory.motor)
        await page.keyboard.press("Enter")
        await page.locator("#quantity-0").fill("7")
        await page.get_by_role("button", name="删除第 1 行").click()
        await expect(page.locator("#quantity-0")).to_have_value("")

        await page.get_by_role("button", name="撤销").click()

        await expect(page.locator("#quantity-0")).to_have_value("7")
        assert window.complaints == []
