"""G4, G5, G9: from cause to banner and robot, a plan through REST, and scans of eight devices."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from tests.bench.report import Row, spread
from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack

ROUNDS = 15
DEVICES = 8
SCAN_SECONDS = 6.0
PACE_SECONDS = 0.2


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


@dataclass
class Scanners:
    """Eight devices, each on a job of its own."""

    api: Api
    jobs: list[Json]
    took: list[float] = field(default_factory=list)

    async def scan(self, n: int) -> None:
        """Report one piece by device `n`; keep the seconds until its verdict."""
        job = self.jobs[n]
        scan = {
            "scan_id": str(uuid.uuid4()), "code": job["scan_code"], "device_id": f"BENCH-{n}", "action": "finish",
            "operation_sequence": job["operations"][0]["sequence"], "quantity": "1", "occurred_at": job["dispatched_at"],
        }  # fmt: skip
        began = time.perf_counter()
        verdict = await self.api.post("/scans", scan)
        self.took.append(time.perf_counter() - began)
        if verdict["result"] != "applied":
            raise AssertionError(verdict)

    async def paced(self, seconds: float) -> list[float]:
        """Return the seconds of each scan while every device scans five times a second, not all at one moment."""
        self.took = []
        begin = time.perf_counter()

        async def device(n: int) -> None:
            for turn in range(int(seconds / PACE_SECONDS)):
                at = begin + (turn + n / DEVICES) * PACE_SECONDS
                await asyncio.sleep(max(0.0, at - time.perf_counter()))
                await self.scan(n)

        await asyncio.gather(*(device(n) for n in range(DEVICES)))
        return self.took

    async def saturated(self, seconds: float) -> tuple[float, list[float]]:
        """Return scans per second while each device sends its next scan at once, and the seconds each took."""
        self.took = []
        begin = time.perf_counter()

        async def device(n: int) -> None:
            while time.perf_counter() < begin + seconds:
                await self.scan(n)

        await asyncio.gather(*(device(n) for n in range(DEVICES)))
        return len(self.took) / (time.perf_counter() - begin), self.took


async def scanners(api: Api, stack: Stack, factory: Factory) -> Scanners:
    """Return devices with a dispatched job of ten thousand pieces each."""
    jobs = []
    for _ in range(DEVICES):
        number = await confirmed(api, stack, factory, quantity=10_000)
        plan = await api.post(f"/orders/{number}:plan")
        job = next(po for po in plan["production_orders"] if not po["parent_number"])
        jobs.append(await api.post(f"/production-orders/{job['number']}:dispatch", {"team": "bench"}))
    return Scanners(api, jobs)


async def rows(stack: Stack) -> list[Row]:
    """Measure on an otherwise idle stack."""
    api = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    factory = await build(api)
    plans, banners, robots = await banner_and_robot(api, stack, factory)
    devices = await scanners(api, stack, factory)
    paced = await devices.paced(SCAN_SECONDS)
    rate, took = await devices.saturated(SCAN_SECONDS)
    await api.close()
    return [
        Row("G4 submitted -> robot", spread(robots), "", "", "p95 < 300 ms"),
        Row("G4 plan -> red banner", spread(banners), "", "", "p95 < 300 ms"),
        Row("G5 plan, one line", spread(plans), "", "", "12 ms at 60 nodes"),
        Row(
            f"G9 a scan, {DEVICES} devices, {1 / PACE_SECONDS:.0f} a second each", spread(paced), "", "", "p95 < 40 ms"
        ),
        Row(f"G9 scans, {DEVICES} devices, as fast as they can", f"{rate:.0f}/s, {spread(took)}", "", "", ">= 300/s"),
    ]
