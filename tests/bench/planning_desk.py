"""G5 and G7: plans of growing bills and five hundred orders in one job, through REST with all services running."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import timedelta

from tests.bench.report import Row, percentile, spread
from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack

ROUNDS = 60
BULK = 500
SIZES = (60, 600)
WRITERS = 8
READING_SECONDS = 0.5  # meanwhile the stock room reserves what the last plan asked for


async def rows(stack: Stack) -> list[Row]:
    """Return the rows of the planner's desk."""
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    factory = await build(api)
    parts = await _parts(api, factory, max(SIZES))
    found = [await _plan_of_size(api, stack, factory, parts[:size]) for size in SIZES]
    found.append(await _ten_lines(api, stack, factory, parts))
    found.append(await _bulk(api, stack, factory))
    return found


async def _parts(api: Api, factory: Factory, count: int) -> list[str]:
    """Make and stock bought parts, a few at a time."""
    codes = [f"P{n}-{factory.suffix}" for n in range(count)]
    gate = asyncio.Semaphore(WRITERS)

    async def put(code: str) -> None:
        async with gate:
            await api.put(f"/items/{code}", {"name": code, "unit": "m", "supply": "buy"})

    await asyncio.gather(*(put(code) for code in codes))
    for start in range(0, count, 200):
        lines = [{"item_code": code, "quantity": "1000000"} for code in codes[start : start + 200]]
        await api.post("/stock/movements", {"kind": "receipt", "lines": lines, "reason": "bench"})
    return codes


async def _product(api: Api, factory: Factory, name: str, parts: list[str]) -> str:
    code = f"{name}-{factory.suffix}"
    await api.put(f"/items/{code}", {"name": code, "unit": "台", "supply": "make"})
    lines: list[Json] = [{"component": part, "quantity_per": "2"} for part in parts]
    await api.put(f"/boms/{code}", {"routing_code": f"RT-A-{factory.suffix}", "lines": lines})
    return code


async def _order(api: Api, stack: Stack, factory: Factory, *codes: str) -> str:
    lines = [{"item_code": code, "quantity": "1"} for code in codes]
    due = str(stack.today + timedelta(days=20))
    head = {"customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex, "due_date": due}
    return str((await api.post("/orders", {**head, "confirm": True, "lines": lines}))["number"])


async def _planned(api: Api, stack: Stack, factory: Factory, *codes: str) -> list[float]:
    """Return the seconds of each plan; the orders are made before, and a person reads one plan before asking for the next."""
    seconds = []
    for number in [await _order(api, stack, factory, *codes) for _ in range(ROUNDS)]:
        await asyncio.sleep(READING_SECONDS)
        began = time.perf_counter()
        await api.post(f"/orders/{number}:plan")
        seconds.append(time.perf_counter() - began)
    return seconds


async def _plan_of_size(api: Api, stack: Stack, factory: Factory, parts: list[str]) -> Row:
    product = await _product(api, factory, f"M{len(parts)}", parts)
    seconds = await _planned(api, stack, factory, product)
    goal = {60: "12 ms", 600: "25 ms"}[len(parts)]
    return Row(f"plan one line, {len(parts)} nodes", spread(seconds), goal=goal)


async def _ten_lines(api: Api, stack: Stack, factory: Factory, parts: list[str]) -> Row:
    products = [await _product(api, factory, f"T{n}", parts[n * 60 : n * 60 + 60]) for n in range(10)]
    seconds = await _planned(api, stack, factory, *products)
    figure = f"p95 {percentile(seconds, 0.95) * 1000:.1f} ms, {spread(seconds)}"
    return Row("plan ten lines of 60 components", figure, goal="p95 < 120 ms")


async def _bulk(api: Api, stack: Stack, factory: Factory) -> Row:
    gate = asyncio.Semaphore(WRITERS)

    async def ordered() -> str:
        async with gate:
            return await _order(api, stack, factory, factory.motor)

    numbers = await asyncio.gather(*(ordered() for _ in range(BULK)))
    began = time.perf_counter()
    job = await api.post("/plans", {"orders": numbers}, expect=202)
    done = await api.until(f"/plans/{job['id']}", lambda j: j["state"] == "done", within=180)
    seconds = time.perf_counter() - began
    figure = f"{seconds:.1f} s, {done['planned_count']} planned, {done['failed_count']} refused"
    return Row(f"bulk plan of {BULK} orders", figure, goal="< 20 s")
