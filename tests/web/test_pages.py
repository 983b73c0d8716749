"""Every page for the people it is made for: no error, no other host, no sideways scroll, no barrier; light and dark."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import Stack
from tests.web.browser import DESK, HANDHELD, LONG, TABLET, desk

pytestmark = [pytest.mark.timeout(300), LONG]

PAGES = [
    ("workbench-sales", "sales", "/", DESK), ("workbench-planner", "planner", "/", DESK),
    ("workbench-manager", "manager", "/", DESK), ("workbench-admin", "admin", "/", DESK),
    ("orders", "sales", "/orders", DESK), ("entry", "clerk", "/orders/new", DESK),
    ("customers", "sales_supervisor", "/customers", DESK), ("customers-handheld", "sales", "/customers", HANDHELD),
    ("planning", "planner", "/planning", DESK), ("production-orders", "planner", "/planning?tab=orders", DESK),
    ("floor", "team_leader", "/floor", TABLET), ("warehouse", "warehouse", "/warehouse", HANDHELD),
    ("finance", "finance", "/finance", DESK), ("reconciliation", "finance", "/finance?tab=reconcile", DESK),
    ("reports", "manager", "/reports", DESK), ("users", "admin", "/settings", DESK),
    ("devices", "admin", "/settings?tab=devices", DESK), ("channels", "admin", "/settings?tab=channels", DESK),
    ("subscriptions", "manager", "/settings?tab=subscriptions", DESK),
    ("quiet-hours", "manager", "/settings?tab=quiet", DESK), ("deliveries", "manager", "/settings?tab=deliveries", DESK),
    ("me", "sales", "/me", DESK), ("forms", "sales", "/settings?tab=forms", DESK), ("self-check", "admin", "/settings/self-check", DESK),
    ("shortages", "planner", "/planning?tab=shortages", DESK), ("arrivals", "warehouse", "/planning", DESK),
    ("bom-sheet", "planner", "/planning?tab=import", DESK), ("orders-tablet", "sales", "/orders", TABLET),
    ("order-entry-tablet", "sales", "/orders/new", TABLET), ("planning-tablet", "planner", "/planning", TABLET),
    ("reports-handheld", "manager", "/reports", HANDHELD), ("orders-handheld", "sales", "/orders", HANDHELD),
    ("workbench-warehouse-handheld", "warehouse", "/", HANDHELD), ("refused-list", "sales", "/refused", DESK),
    ("refused-handheld", "sales", "/refused", HANDHELD), ("profile-handheld", "sales", "/me", HANDHELD),
    ("stock", "planner", "/stock", DESK), ("stock-handheld", "sales", "/stock", HANDHELD),
    ("integrations", "admin", "/settings?tab=integrations", DESK), ("demo-data", "admin", "/settings?tab=demo", DESK),
    ("production-orders-tablet", "planner", "/planning?tab=orders", TABLET),
    ("integrations-handheld", "admin", "/settings?tab=integrations", HANDHELD),
    ("forms-tablet", "sales", "/settings?tab=forms", TABLET),
]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "role", "path", "size"), PAGES, ids=[page[0] for page in PAGES])
async def test_a_page_opens_clean(
    browser: Browser, stack: Stack, name: str, role: str, path: str, size: tuple[int, int], dark: bool
) -> None:
    async with desk(browser, stack, size, dark=dark) as window:
        await window.sign_in(role, path)
        await window.settle()
        await window.page.wait_for_load_state("load")

        await window.shot(f"{name}{'-dark' if dark else ''}")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
        assert window.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_an_order_and_its_bill_open_clean(browser: Browser, stack: Stack, api: Api, dark: bool) -> None:
    factory = await build(api)
    order = await api.post(
        "/orders",
        {
            "customer_id": factory.customer_id, "channel": "phone", "due_date": stack.today.replace(year=2030).isoformat(),
            "urgency": "red", "confirm": True, "sales_owner": "sales",
            "lines": [{"item_code": factory.motor, "quantity": 2}, {"item_code": factory.cable, "quantity": 5}],
        },
    )  # fmt: skip
    await api.post(f"/orders/{order['number']}:plan")

    async with desk(browser, stack, dark=dark) as window:
        await window.sign_in("planner", f"/orders/{order['number']}")
        await window.settle()
        await window.page.get_by_text("穿透时效").wait_for()
        await window.shot(f"order{'-dark' if dark else ''}")
        assert await window.barriers() == []
        await window.open(f"/planning?tab=bom&item={factory.motor}")
        await window.page.locator(".node").first.wait_for()
        await window.shot(f"bom{'-dark' if dark else ''}")
        assert await window.barriers() == []
        assert await window.sideways() <= 0
        assert window.complaints == []


async def test_the_sign_in_page_needs_no_mouse_and_says_what_is_wrong(browser: Browser, stack: Stack) -> None:
    async with desk(browser, stack) as window:
        page = await window.open("/")
        assert await window.barriers() == []
        assert await page.evaluate("document.activeElement.name") == "username"
        await window.shot("sign-in")
        assert window.complaints == []

        await page.keyboard.type("admin")
        await page.keyboard.press("Tab")
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")

        await page.get_by_role("alert").wait_for()
        assert await page.locator("#username").input_value() == "admin"


async def test_a_sign_in_survives_a_new_tab(browser: Browser, stack: Stack) -> None:
    async with desk(browser, stack) as window:
        await window.sign_in("sales")
        other = await window.context.new_page()

        await other.goto(f"{stack.gateway_url}/orders")

        await other.get_by_role("heading", name="订单", exact=True).wait_for()
        assert await other.locator("input[type=password]").count() == 0
