"""The administrator by clicking: people, devices, channels, doors to other systems, the demo data; with bad input first."""

from __future__ import annotations

import json

import httpx2
import pytest
from playwright.async_api import Browser, Route, expect

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import LONG, desk

pytestmark = [pytest.mark.timeout(300), LONG]
PATIENCE_MS = 15_000


async def test_a_colleague_is_let_in_and_out_again(browser: Browser, stack: Stack, api: Api) -> None:
    name = f"colleague-{(await build(api)).suffix.lower()}"
    async with desk(browser, stack) as window:
        page = await window.sign_in("admin", "/settings?tab=users")
        await page.get_by_role("button", name="新增用户").click()
        await page.locator("#u-name").fill(name)
        await page.locator("#u-display").fill("新同事")
        await page.locator("#u-pass").fill("short")
        await expect(page.get_by_role("button", name="保存")).to_be_disabled()  # nobody without a role
        await page.get_by_role("checkbox", name="财务").check()
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".el-dialog .field-error")).to_be_visible()
        await window.shot("user-form")
        window.complaints.clear()  # the refusal just seen
        await page.locator("#u-pass").fill("long-enough-word-27")
        await page.get_by_role("button", name="保存").click()
        row = page.get_by_role("row", name=name)
        await expect(row).to_contain_text("财务")
        assert (await _sign_in(stack, name)).status_code == 200

        await row.get_by_role("button", name="修改").click()
        await page.get_by_role("checkbox", name="启用").uncheck()
        await page.get_by_role("button", name="保存").click()
        await expect(row).to_contain_text("停用")
        assert (await _sign_in(stack, name)).status_code == 401
        assert window.complaints == []


async def _sign_in(stack: Stack, name: str) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=stack.gateway_url) as stranger:
        given = {"username": name, "password": "long-enough-word-27"}
        return await stranger.post("/api/v1/auth/login", json=given)


async def test_a_device_is_enrolled_by_its_code_and_revoked(browser: Browser, stack: Stack, api: Api) -> None:
    name = f"平板 {(await build(api)).suffix}"
    async with desk(browser, stack) as window:
        page = await window.sign_in("admin", "/settings?tab=devices")
        await page.get_by_label("设备名称").fill(name)
        await page.get_by_label("位置").fill("一车间")
        await page.get_by_role("button", name="登记设备").click()
        await expect(page.get_by_role("img", name="用设备扫此二维码完成登记")).to_be_visible()
        code = await page.locator("code").inner_text()
        await window.shot("device-enrolment")
        assert await window.barriers() == []
        async with httpx2.AsyncClient(base_url=stack.gateway_url) as device:
            assert (await device.post("/api/v1/devices:enrol", json={"code": code})).status_code == 200

        row = page.get_by_role("row", name=name)
        page.once("dialog", lambda asked: asked.dismiss())
        await row.get_by_role("button", name="吊销").click()
        await expect(row).to_contain_text("启用")
        page.once("dialog", lambda asked: asked.accept())
        await row.get_by_role("button", name="吊销").click()
        await expect(row).to_contain_text("已吊销")
        assert window.complaints == []


async def test_a_channel_is_made_and_tried(browser: Browser, stack: Stack, api: Api) -> None:
    code = f"try-{(await build(api)).suffix.lower()}"
    async with desk(browser, stack) as window:
        page = await window.sign_in("admin", "/settings?tab=channels")
        await page.get_by_role("button", name="新增通道").click()
        await page.locator("#c-code").fill(code)
        await page.locator("#c-name").fill("演练群")
        await page.locator("#c-kind").select_option("webhook")
        await page.locator("#c-url").fill("not an address")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".el-dialog .field-error")).to_be_visible()
        await window.shot("channel-form")
        window.complaints.clear()
        await page.locator("#c-kind").select_option("in_app")
        await page.locator("#c-url").fill("")
        await page.get_by_role("button", name="保存").click()
        row = page.get_by_role("row", name=code)
        await expect(row).to_contain_text("演练群")
        await row.get_by_role("button", name="试发一条").click()
        await expect(page.get_by_text("已试发，请看通道是否收到")).to_be_visible(timeout=PATIENCE_MS)
        assert window.complaints == []


async def test_another_system_gets_a_token_once_and_loses_it(browser: Browser, stack: Stack, api: Api) -> None:
    name = f"ERP {(await build(api)).suffix}"
    async with desk(browser, stack) as window:
        page = await window.sign_in("admin", "/settings?tab=integrations")
        await page.get_by_label("系统名称").fill(name)
        await page.get_by_label("只允许这些地址").fill("nowhere at all")
        await page.get_by_role("button", name="新增接口").click()
        await expect(page.locator(".field-error").first).to_contain_text("只允许这些地址")
        window.complaints.clear()
        await page.get_by_label("只允许这些地址").fill("127.0.0.1， ::1")
        await page.get_by_role("button", name="新增接口").click()
        token = await page.locator("code").inner_text()
        await window.shot("integration")
        assert await window.barriers() == []
        row = page.get_by_role("row", name=name)
        await expect(row).to_contain_text("读取事件")
        assert await _feed(stack, token) == 200

        page.once("dialog", lambda asked: asked.accept())
        await row.get_by_role("button", name="吊销").click()
        await expect(row).to_contain_text("已吊销")
        assert await _feed(stack, token) == 401
        assert window.complaints == []


async def _feed(stack: Stack, token: str) -> int:
    async with httpx2.AsyncClient(base_url=stack.gateway_url) as other:
        answer = await other.get("/api/v1/events", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


async def test_the_demo_data_is_reset_only_by_the_word_and_a_reason(browser: Browser, stack: Stack) -> None:
    """The reset itself is stood in for: it would take the data from under the other tests (its request: tests/service/gateway/test_demo.py)."""
    told = {
        "available": True,
        "word": "demo-reset",
        "state": None,
        "by": None,
        "reason": None,
        "at": None,
        "ended_at": None,
    }
    asked: list[dict[str, str]] = []

    async def answer(route: Route) -> None:
        if route.request.method == "POST":
            asked.append(json.loads(route.request.post_data or "{}"))
            told.update(state="running", by="admin", reason="培训结束", at="2026-11-23T01:00:00Z")
        await route.fulfill(json=dict(told))
        if asked and route.request.method == "GET":
            told["state"] = "done"

    async with desk(browser, stack) as window:
        page = await window.sign_in("admin", "/settings?tab=users")
        await page.route("**/api/v1/settings/demo*", answer)
        await page.get_by_role("tab", name="演示数据").click()
        go = page.get_by_role("button", name="清空并重新装入")
        await expect(go).to_be_disabled()
        await page.get_by_label("为什么重置").fill("培训结束")
        await page.get_by_label("表示确定").fill("demo")
        await expect(go).to_be_disabled()
        await page.get_by_label("表示确定").fill("demo-reset")
        assert await window.barriers() == []
        await go.click()
        await expect(page.locator("[data-state=done]")).to_have_text("已重置", timeout=PATIENCE_MS)
        await expect(page.get_by_text("培训结束")).to_be_visible()
        assert asked == [{"confirmation": "demo-reset", "reason": "培训结束"}]
        assert window.complaints == []


async def test_a_new_way_of_ordering_is_named_used_and_closed(browser: Browser, stack: Stack, api: Api) -> None:
    suffix = (await build(api)).suffix.lower()
    code, name = f"shop_{suffix}", f"抖音小店{suffix}"
    async with desk(browser, stack) as window:
        page = await window.sign_in("admin", "/settings?tab=ways")
        await page.get_by_role("button", name="新增渠道").click()
        await page.locator("#oc-code").fill("抖音")
        await page.locator("#oc-name").fill(name)
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".el-dialog .field-error")).to_be_visible()
        window.complaints.clear()  # the refusal just seen
        await page.locator("#oc-code").fill(code)
        await page.get_by_role("button", name="保存").click()
        row = page.get_by_role("row", name=name)
        await expect(row).to_contain_text("启用")
        await window.shot("order-channels")
        assert await window.barriers() == []
        assert await window.sideways() <= 0

        await page.goto(f"{stack.gateway_url}/orders/new")
        await page.locator("#channel").select_option(label=name)
        await page.goto(f"{stack.gateway_url}/orders")
        await expect(page.get_by_label("渠道", exact=True).locator("option", has_text=name)).to_have_count(1)

        await page.goto(f"{stack.gateway_url}/settings?tab=ways")
        await row.get_by_role("button", name="修改").click()
        await page.get_by_label("接收新订单").uncheck()
        await page.get_by_role("button", name="保存").click()
        await expect(row).to_contain_text("停用")
        await page.goto(f"{stack.gateway_url}/orders/new")
        await expect(page.locator("#channel option", has_text="微信")).to_have_count(1)
        await expect(page.locator("#channel option", has_text=name)).to_have_count(0)
        assert window.complaints == []
