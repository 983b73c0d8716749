"""G2, G12 and G14: the processor time an order costs in all processes, what tracing and logs add, how long a start takes."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import asyncpg

from tests.bench.intake import SECONDS, intake
from tests.bench.memory import family
from tests.bench.report import Row
from tests.e2e.stack import Stack, down, up
from tests.support.waiting import eventually

PARTS = ("gateway", "order", "planning", "inventory", "notify", "postgres", "rabbitmq")
TICKS = os.sysconf("SC_CLK_TCK")
IDLE_SECONDS, ROUNDS = 3.0, 2


async def rows(stack: Stack) -> list[Row]:
    """Return what an order costs on the running stack, and beside it on two of their own with and without tracing."""
    cost = await order_cost(stack)
    parts = ", ".join(f"{part} {ms:.1f}" for part, ms in cost.items())
    found = [Row("G2 CPU per order, all processes", f"{sum(cost.values()):.1f} ms", parts, goal="<= 3.5 ms")]
    return found + await tracing()


async def order_cost(stack: Stack, seconds: float = SECONDS) -> dict[str, float]:
    """Return milliseconds of processor time per order and part, from submission until everything is told and applied."""
    idle = await _while(stack, asyncio.sleep(IDLE_SECONDS))
    began = time.monotonic()
    orders = 0

    async def load() -> None:
        nonlocal orders
        _, took = await intake(stack, seconds=seconds)
        orders = len(took)
        await eventually(lambda: _told(stack), within=120, every=0.2)

    used = await _while(stack, load())
    share = (time.monotonic() - began) / IDLE_SECONDS  # what the stack does anyway is no order's
    return {part: 1000 * max(0.0, used[part] - idle[part] * share) / orders for part in used}


async def _while(stack: Stack, work: object) -> Mapping[str, float]:
    before = _seconds(stack)
    await work  # type: ignore[misc]
    after = _seconds(stack)
    return {part: after[part] - before[part] for part in after}


def _seconds(stack: Stack) -> dict[str, float]:
    """Return the processor seconds of each part so far, its living and its reaped children included."""
    parts = {**stack.facts["services"], **stack.facts["infra"]}
    return {part: sum(_of(pid) for pid in family(int(parts[part]["pid"]))) for part in PARTS if part in parts}


def _of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


async def _told(stack: Stack) -> bool:
    for url in stack.facts["postgres"].values():
        connection = await asyncpg.connect(url, timeout=5)
        try:
            if await connection.fetchval("SELECT count(*) FROM outbox"):
                return False
        finally:
            await connection.close()
    return True


async def tracing() -> list[Row]:
    """Return the share of the work left for orders when everything is traced and logged, and the time of a start."""
    with collector() as (endpoint, posts):
        began = time.monotonic()
        watched = await asyncio.to_thread(up, ORDERHUB_OTLP_ENDPOINT=endpoint, ORDERHUB_LOG_LEVEL="INFO")
        start = time.monotonic() - began
        try:
            silent = await asyncio.to_thread(up, ORDERHUB_LOG_LEVEL="ERROR")
            try:
                costs = [[sum((await order_cost(one)).values()) for one in (watched, silent)] for _ in range(ROUNDS)]
            finally:
                await asyncio.to_thread(down, silent)
        finally:
            await asyncio.to_thread(down, watched)
    assert posts, "no span was ever exported: nothing was compared"
    traced, bare = (sum(cost[n] for cost in costs) / ROUNDS for n in (0, 1))
    return [
        Row("G12 with tracing and logs", f"{traced:.1f} ms CPU an order", f"without {bare:.1f} ms", f"{bare / traced:.0%}", ">= 85 %"),
        Row("G14 make up, packages present", f"{start:.0f} s", goal="< 20 s"),
    ]  # fmt: skip


@contextmanager
def collector() -> Iterator[tuple[str, list[int]]]:
    """Take spans as a collector would and keep only how large each post was."""
    posts: list[int] = []

    class Taking(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            posts.append(len(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", posts
    finally:
        server.shutdown()
        server.server_close()
