"""The screens: the workbench cold and warm, a long list filtered and scrolled, the heat map drawn; in a real browser."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable

from playwright.async_api import Browser, Page, async_playwright

from tests.bench.report import Row, percentile
from tests.e2e.client import Api
from tests.e2e.stack import Stack
from tests.web.browser import CHROMIUM, DESK, FLAGS

ROUNDS = 5
SCROLLS = 6
FILTERS = ("?urgency=red", "?state=confirmed", "?channel=wechat", "?q=SO2026", "?due_before=2026-12-31")
READY = ".lane .count"
PROBE = (
    """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"""
)


async def rows(stack: Stack) -> list[Row]:
    """Return the rows of the screens; nothing is written."""
    if not CHROMIUM.exists():
        return [Row("screens", "no browser here")]
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            return [
                *await _loads(browser, stack),
                await _lists(api),
                await _scrolls(browser, stack),
                await _heat(browser, stack),
            ]
        finally:
            await browser.close()
            await api.close()


async def _signed_in(browser: Browser, stack: Stack) -> Page:
    context = await browser.new_context(
        viewport={"width": DESK[0], "height": DESK[1]}, locale="zh-CN", service_workers="block"
    )
    page = await context.new_page()
    await page.goto(stack.gateway_url)
    await page.locator("input").first.fill(stack.username("admin"))
    await page.locator("input[type=password]").fill(stack.password("admin"))
    await page.keyboard.press("Enter")
    await page.locator(READY).first.wait_for()
    return page


async def _loads(browser: Browser, stack: Stack) -> list[Row]:
    """Cold is a browser that has loaded nothing yet and only holds the sign-in; warm the same tab again."""
    cold, warm = [], []
    for _ in range(ROUNDS):
        signed = await _signed_in(browser, stack)
        kept = await signed.context.storage_state()
        await signed.context.close()
        fresh = await browser.new_context(
            viewport={"width": DESK[0], "height": DESK[1]}, storage_state=kept, service_workers="block"
        )
        page = await fresh.new_page()
        cold.append(await _until_ready(page, lambda page=page: page.goto(stack.gateway_url)))
        warm.append(await _until_ready(page, page.reload))
        await fresh.close()
    return [
        Row("workbench, first load", f"{statistics.median(cold):.0f} ms", goal="< 1,500 ms"),
        Row("workbench, again", f"{statistics.median(warm):.0f} ms", goal="< 400 ms"),
    ]


async def _until_ready(page: Page, load: Callable[[], Awaitable[object]]) -> float:
    """Return the milliseconds from the start of the navigation to the first lane on the screen, by the page's clock."""
    await load()
    await page.locator(READY).first.wait_for()
    return float(await page.evaluate(PROBE))


async def _lists(api: Api) -> Row:
    """Each answer of the order list, filtered as the page filters it, and page after page."""
    took: list[float] = []
    for query in ("", *FILTERS):
        token = ""
        for _ in range(SCROLLS):
            start = time.perf_counter()
            joined = "&" if query else "?"
            more = f"&page_token={token}" if token else ""
            page = await api.get(f"/orders{query}{joined}page_size=50{more}")
            took.append((time.perf_counter() - start) * 1000)
            token = page["next_page_token"] or ""
            if not token:
                break
    figure = f"p50 {statistics.median(took):.0f} ms, worst {max(took):.0f} ms, n {len(took)}"
    return Row("order list, each answer", figure, goal="< 200 ms")


async def _scrolls(browser: Browser, stack: Stack) -> Row:
    """From the wheel to the next rows on the screen."""
    page = await _signed_in(browser, stack)
    await page.goto(f"{stack.gateway_url}/orders")
    await page.locator("tbody tr").first.wait_for()
    took: list[float] = []
    for _ in range(SCROLLS):
        before = await page.locator("tbody tr").count()
        if not await page.locator(".end-mark button").count():
            break
        start = time.perf_counter()
        await page.locator(".end-mark").scroll_into_view_if_needed()
        await page.wait_for_function("n => document.querySelectorAll('tbody tr').length > n", arg=before)
        took.append((time.perf_counter() - start) * 1000)
    await page.context.close()
    figure = f"p95 {percentile(took, 0.95):.0f} ms, n {len(took)}" if took else "one page only"
    return Row("order list, scrolled", figure, goal="< 200 ms an answer")


async def _heat(browser: Browser, stack: Stack) -> Row:
    """From the answer of the report to its cells on the screen."""
    page = await _signed_in(browser, stack)
    took: list[float] = []
    for _ in range(ROUNDS):
        await page.goto(f"{stack.gateway_url}/reports")
        await page.locator(".heat, .state").last.wait_for()
        drawn = await page.evaluate(
            "() => { const got = performance.getEntriesByType('resource').find(one => one.name.includes('/reports/lead-times?'));"
            " return [got ? got.responseEnd : 0]; }"
        )
        took.append(float(await page.evaluate(PROBE)) - drawn[0])
    await page.context.close()
    return Row("heat map, answer to picture", f"{statistics.median(took):.0f} ms", goal="< 500 ms")
