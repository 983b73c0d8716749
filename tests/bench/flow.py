"""G4, G5, G9: from cause to banner and robot, a plan through REST, and scans of eight devices."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta

from tests.bench.report import Row, spread
from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack

ROUNDS = 15
DEVICES = 8
SCAN_SECONDS = 6.0


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def confirmed(api: Api, stack: Stack, factory: Factory, quantity: int = 2) -> str:
    lines = [{"item_code": factory.motor, "quantity": quantity}]
    order = await api.post(
        "/orders",
        {
            "customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex, "confirm": True,
            "due_date": str(stack.today + timedelta(days=20)), "lines": lines,
        },
        expect=201,
    )  # fmt: skip
    return str(order["number"])


async def robot_without_a_limit(api: Api, stack: Stack) -> None:
    """Subscribe a webhook that no vendor throttles, so that the figure is ours."""
    url = f"{stack.facts['notify_sink_url']}/webhook/bench"
    await api.put("/notification-channels/bench", {"kind": "webhook", "url": url, "per_minute": 6000})
    template = "{order_number}"
    event = "orderhub.order.v1.OrderSubmitted"
    await api.put("/subscriptions/bench", {"event_type": event, "channel": "bench", "template": template})


async def banner_and_robot(api: Api, stack: Stack, factory: Factory) -> tuple[list[float], list[float], list[float]]:
    """Return seconds of the plan, from plan to red banner, and from submission to the robot's message."""
    await robot_without_a_limit(api, stack)
    plans, banners, robots = [], [], []
    for _ in range(ROUNDS):
        submitted = time.perf_counter()
        number = await confirmed(api, stack, factory)

        async def heard(number: str = number) -> None:
            while not any(number in m["text"] and m["target"] == "bench" for m in await stack.messages()):
                await asyncio.sleep(0.01)

        await heard()
        robots.append(time.perf_counter() - submitted)
        plans.append(await timed(lambda number=number: api.post(f"/orders/{number}:plan")))
        began = time.perf_counter()
        await api.until(f"/production-orders?order={number}", lambda page: any(po["banner"] for po in page["items"]))
        banners.append(time.perf_counter() - began)
    return plans, banners, robots


async def scans(api: Api, stack: Stack, factory: Factory) -> tuple[float, list[float]]:
    """Return scans per second of eight devices, each on a job of its own, and the seconds each took."""
    jobs = []
    for _ in range(DEVICES):
        number = await confirmed(api, stack, factory, quantity=10_000)
        plan = await api.post(f"/orders/{number}:plan")
        job = next(po for po in plan["production_orders"] if not po["parent_number"])
        jobs.append(await api.post(f"/production-orders/{job['number']}:dispatch", {"team": "bench"}))
    took: list[float] = []
    until = time.perf_counter() + SCAN_SECONDS

    async def device(n: int, job: Json) -> None:
        while time.perf_counter() < until:
            scan = {
                "scan_id": str(uuid.uuid4()), "code": job["scan_code"], "device_id": f"BENCH-{n}", "action": "finish",
                "operation_sequence": job["operations"][0]["sequence"], "quantity": "1", "occurred_at": job["dispatched_at"],
            }  # fmt: skip
            took.append(await timed(lambda scan=scan: api.post("/scans", scan)))

    began = time.perf_counter()
    await asyncio.gather(*(device(n, job) for n, job in enumerate(jobs)))
    return len(took) / (time.perf_counter() - began), took


async def rows(stack: Stack) -> list[Row]:
    """Measure on an otherwise idle stack."""
    api = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    factory = await build(api)
    plans, banners, robots = await banner_and_robot(api, stack, factory)
    rate, took = await scans(api, stack, factory)
    await api.close()
    return [
        Row("G4 submitted -> robot", spread(robots), "", "", "p95 < 300 ms"),
        Row("G4 plan -> red banner", spread(banners), "", "", "p95 < 300 ms"),
        Row("G5 plan, one line", spread(plans), "", "", "12 ms at 60 nodes"),
        Row(f"G9 scans, {DEVICES} devices", f"{rate:.0f}/s, {spread(took)}", "", "", ">= 300/s, p95 < 40 ms"),
    ]
