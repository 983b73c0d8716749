"""A shift without a network: thirty scans wait on the handheld, survive a reload, and each gets its verdict once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack
from tests.web.browser import HANDHELD, LONG, desk

pytestmark = [pytest.mark.timeout(300), LONG]
SCANS = 30
VERDICTS_MS = 30_000


async def job_of(api: Api, factory: Factory, stack: Stack, quantity: int) -> Json:
    """A dispatched job of one operation."""
    order = await api.post(
        "/orders",
        {
            "customer_id": factory.customer_id, "channel": "wechat", "due_date": str(stack.today + timedelta(days=30)),
            "confirm": True, "lines": [{"item_code": factory.controller, "quantity": quantity}],
        },
    )  # fmt: skip
    plan = await api.post(f"/orders/{order['number']}:plan")
    job: Json = plan["production_orders"][0]
    await api.post(f"/production-orders/{job['number']}:dispatch", {"team": "B"})
    return job


async def test_thirty_scans_without_a_network_each_get_a_verdict(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    job = await job_of(api, factory, stack, SCANS - 2)
    async with desk(browser, stack, HANDHELD) as window:
        page = await window.sign_in("warehouse", "/warehouse")
        await page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        await page.reload()  # under the service worker from here on
        await page.get_by_label("连续报工").check()
        await window.context.set_offline(True)

        box = page.get_by_label("扫任务单、订单或物料条码")
        for code in [job["number"]] * (SCANS - 2) + [job["number"], "PO19990101-9999"]:
            await box.fill(code)
            await box.press("Enter")
        await expect(page.locator(".net")).to_contain_text(f"{SCANS} 条待上传")
        await window.shot("handheld-offline")
        await page.reload()  # the battery fell out
        await expect(page.locator(".net")).to_contain_text(f"{SCANS} 条待上传")
        assert (await api.get(f"/production-orders/{job['number']}"))["operations"][0]["good_quantity"] in ("0", None)

        await window.context.set_offline(False)

        await expect(page.locator(".net")).to_contain_text("全部已上传", timeout=VERDICTS_MS)
        await page.get_by_role("tab", name="结果").click()
        await window.shot("handheld-verdicts")
        results = [await row.get_attribute("data-result") for row in await page.locator(".log li").all()]
        state = await api.get(f"/production-orders/{job['number']}")
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.reload()
        await expect(page.locator(".net")).to_contain_text("全部已上传")  # the verdicts were kept, nothing goes twice
        await page.get_by_role("tab", name="结果").click()
        assert [await row.get_attribute("data-result") for row in await page.locator(".log li").all()] == results

    assert len(results) == SCANS
    assert "waiting" not in results
    assert results.count("rejected") >= 1  # the unknown code
    reported = sum(int(step["good_quantity"] or 0) for step in state["operations"])
    assert reported == results.count("applied")


async def test_a_replay_after_a_lost_answer_counts_once(browser: Browser, stack: Stack, api: Api) -> None:
    factory = await build(api)
    job = await job_of(api, factory, stack, 5)
    async with desk(browser, stack, HANDHELD) as window:
        page = await window.sign_in("warehouse", "/warehouse")
        lost: list[str] = []

        async def lose_the_first_answer(route, request) -> None:  # type: ignore[no-untyped-def]
            answer = await route.fetch()
            if not lost:
                lost.append(request.post_data or "")
                await route.abort("connectionreset")
            else:
                await route.fulfill(response=answer)

        await window.context.route("**/scans:batch", lose_the_first_answer)
        await page.get_by_label("连续报工").check()
        box = page.get_by_label("扫任务单、订单或物料条码")
        await box.fill(job["number"])
        await box.press("Enter")

        await expect(page.locator('.flash[data-result="duplicate"]')).to_be_visible(timeout=VERDICTS_MS)
        state = await api.get(f"/production-orders/{job['number']}")

    assert len(lost) == 1
    assert state["operations"][0]["good_quantity"] == "1"
