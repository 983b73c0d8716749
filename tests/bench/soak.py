"""`python -m tests.bench.soak --minutes 30`: ten times a busy factory's day, steadily, and whether memory stays flat (G13).

Ten times the peak of 500 orders a day is 5,000 orders in a day of eight hours: one order each 5.76 s, each confirmed and
planned; every fourth is scanned; pages are asked for as four people at their screens ask. ORDERHUB_RUN_DIR names the stack.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.bench.memory import family
from tests.bench.memory import field as pages
from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import ROOT, Stack, down, up

ORDERS_A_DAY, DAY_SECONDS = 5_000, 8 * 3600
SAMPLE_SECONDS, PAGE_SECONDS = 10.0, 5.0
PARTS = ("order", "planning", "inventory", "notify", "gateway", "postgres", "rabbitmq")
FLAT = 0.05
WARM_SHARE = 1 / 3  # caches fill, pools open; what counts is the time after
PAGES = ("/orders", "/production-orders", "/notifications", "/stock")


@dataclass
class Soak:
    """One stack under a steady load, its memory sampled."""

    stack: Stack
    seconds: float
    samples: dict[str, list[int]] = field(default_factory=lambda: {part: [] for part in PARTS})
    orders: int = 0
    scans: int = 0
    questions: int = 0
    refused: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Load and sample until the time is over."""
        api = await Api(self.stack.gateway_url).sign_in(self.stack.username("admin"), self.stack.password("admin"))
        factory = await build(api)
        lines = [{"item_code": code, "quantity": "1000000"} for code in (factory.copper, factory.magnet, factory.cable)]
        await api.post("/stock/movements", {"kind": "receipt", "lines": lines, "reason": "soak"})
        until = time.monotonic() + self.seconds
        await asyncio.gather(
            self._each(DAY_SECONDS / ORDERS_A_DAY, until, lambda: self._order(api, factory)),
            self._each(PAGE_SECONDS, until, lambda: self._look(api)),
            self._each(SAMPLE_SECONDS, until, self._sample),
            self._each(300, until, lambda: self._renew(api)),
        )
        await api.close()

    async def _each(self, pause: float, until: float, work: Callable[[], Awaitable[None]]) -> None:
        due = time.monotonic()
        while due < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            try:
                await work()
            except Exception as error:  # counted and told: a soak goes on
                self.refused.append(repr(error)[:200])
            due += pause

    async def _order(self, api: Api, factory: Factory) -> None:
        items = (factory.motor, factory.controller, factory.cable)
        body = {
            "customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex, "confirm": True,
            "due_date": str(self.stack.today + timedelta(days=20)),
            "lines": [{"item_code": code, "quantity": "1"} for code in items],
        }  # fmt: skip
        order = await api.post("/orders", body, expect=201)
        plan = await api.post(f"/orders/{order['number']}:plan")
        self.orders += 1
        if self.orders % 4 == 0:
            await self._scan(api, next(po for po in plan["production_orders"] if not po["parent_number"]))

    async def _scan(self, api: Api, job: Json) -> None:
        job = await api.post(f"/production-orders/{job['number']}:dispatch", {"team": "soak"})
        for operation in job["operations"]:
            scan = {
                "scan_id": str(uuid.uuid4()), "code": job["scan_code"], "device_id": "SOAK", "action": "finish",
                "operation_sequence": operation["sequence"], "quantity": job["quantity"],
                "occurred_at": job["dispatched_at"],
            }  # fmt: skip
            await api.post("/scans", scan, expect=200)
            self.scans += 1

    async def _look(self, api: Api) -> None:
        for page in PAGES:
            await api.get(page)
            self.questions += 1

    async def _renew(self, api: Api) -> None:
        await api.sign_in(self.stack.username("admin"), self.stack.password("admin"))

    async def _sample(self) -> None:
        facts = self.stack.facts
        known = {**facts["services"], **facts["infra"]}
        for part in PARTS:
            size = sum(pages(pid, "Pss:") for pid in family(int(known[part]["pid"])))
            self.samples[part].append(size // 1024)

    def verdict(self) -> tuple[list[str], bool]:
        """Return the table and whether every part stayed flat: the last third against the middle third."""
        rows, flat = [], True
        total = [sum(sizes) for sizes in zip(*self.samples.values(), strict=True)]
        for part, sizes in {**self.samples, "together": total}.items():
            middle, last = _thirds(sizes)
            grown = last / middle - 1
            flat = flat and (part != "together" or abs(grown) <= FLAT) and grown <= FLAT * 2
            rows.append(f"{part:10} start {sizes[0]:5} MB  middle {middle:7.1f}  end {last:7.1f}  {grown:+.1%}")
        return rows, flat


def _thirds(sizes: list[int]) -> tuple[float, float]:
    """Return the mean size of the middle and the last third."""
    third = max(1, len(sizes) // 3)
    return statistics.mean(sizes[third : 2 * third] or sizes), statistics.mean(sizes[2 * third :] or sizes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    running = Path(os.environ.get("ORDERHUB_RUN_DIR") or ROOT / ".run")
    own = not (running / "stack.json").exists()
    stack = up() if own else Stack(running)
    try:
        soak = Soak(stack, minutes * 60)
        asyncio.run(soak.run())
    finally:
        if own:
            down(stack)
    rows, flat = soak.verdict()
    print(f"soak: {minutes:g} minutes, {soak.orders} orders planned, {soak.scans} scans, {soak.questions} pages, "
          f"{len(soak.refused)} refused")  # fmt: skip
    print("\n".join(f"  {line}" for line in [*rows, *soak.refused[:5]]))
    (ROOT / ".run" / "bench").mkdir(parents=True, exist_ok=True)
    (ROOT / ".run" / "bench" / "soak.json").write_text(json.dumps(soak.samples))
    print("flat within 5 %" if flat else "NOT flat")
    return 0 if flat and not soak.refused else 1


if __name__ == "__main__":
    sys.exit(main())
