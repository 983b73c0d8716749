"""G1 and G3: orders through REST beside the same rows in one pgbench transaction, and the lag to another system's queue."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import tempfile
import time
import uuid
from datetime import timedelta
from pathlib import Path

from tests.bench.report import Row, percentile, spread
from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.listener import Listener
from tests.e2e.stack import Stack

SECONDS = float(os.environ.get("ORDERHUB_BENCH_SECONDS", "8"))
CLIENTS = 8
LIMIT_SQL = """
\\set n random(1, 1000000000)
BEGIN;
INSERT INTO bench_idempotency VALUES (gen_random_uuid(), repeat('f', 64), now());
INSERT INTO bench_order (id, body) VALUES (gen_random_uuid(), repeat('o', 400));
INSERT INTO bench_line (order_id, line_no, body) SELECT gen_random_uuid(), n, repeat('l', 120) FROM generate_series(1, 3) n;
INSERT INTO bench_outbox (body) VALUES (repeat('e', 900));
COMMIT;
"""
TABLES = """
CREATE TABLE IF NOT EXISTS bench_idempotency (key uuid PRIMARY KEY, fingerprint text, created_at timestamptz);
CREATE TABLE IF NOT EXISTS bench_order (id uuid PRIMARY KEY, body text);
CREATE TABLE IF NOT EXISTS bench_line (order_id uuid, line_no int, body text, PRIMARY KEY (order_id, line_no));
CREATE TABLE IF NOT EXISTS bench_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
"""


def an_order(stack: Stack, factory: Factory) -> Json:
    items = (factory.motor, factory.controller, factory.cable)
    return {
        "customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex,
        "due_date": str(stack.today + timedelta(days=20)), "lines": [{"item_code": code, "quantity": "1"} for code in items],
    }  # fmt: skip


async def intake(stack: Stack, clients: int = CLIENTS, seconds: float = SECONDS) -> tuple[float, list[float]]:
    """Return orders per second and the seconds each took, acknowledged after commit."""
    api = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    factory = await build(api)
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def client() -> None:
        while (started := time.perf_counter()) < until:
            await api.post("/orders", an_order(stack, factory), expect=201)
            took.append(time.perf_counter() - started)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    rate = len(took) / (time.perf_counter() - began)
    await api.close()
    return rate, took


async def lag(stack: Stack, rate: float, seconds: float = SECONDS) -> list[float]:
    """Return the seconds from the 201 to a subscriber, at a steady `rate` of orders per second."""
    api = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    factory = await build(api)
    ears = await Listener().open(stack.amqp_url)
    heard: dict[str, float] = {}
    original = ears._hear

    async def note(message: object) -> None:
        before = len(ears.events)
        await original(message)  # type: ignore[arg-type]
        for event in ears.events[before:]:
            if event["type"].endswith(".OrderSubmitted"):
                heard[event["data"]["order_number"]] = time.perf_counter()

    await ears.close()
    ears._hear = note  # type: ignore[method-assign,assignment]
    await ears.open(stack.amqp_url)
    answered: dict[str, float] = {}

    async def one() -> None:
        order = await api.post("/orders", an_order(stack, factory), expect=201)
        answered[order["number"]] = time.perf_counter()

    until = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        while time.perf_counter() < until:
            group.create_task(one())
            await asyncio.sleep(1 / rate)
    for _ in range(200):
        if answered.keys() <= heard.keys():
            break
        await asyncio.sleep(0.05)
    await ears.close()
    await api.close()
    assert answered.keys() <= heard.keys(), f"{len(answered.keys() - heard.keys())} events never arrived"
    return [max(0.0, heard[number] - at) for number, at in answered.items()]


def pgbench(url: str, clients: int = CLIENTS, seconds: float = SECONDS) -> float:
    """Return transactions per second of the bare rows of one order on the same Postgres."""
    program = next(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    psql = program.with_name("psql")
    subprocess.run([psql, "-q", url, "-c", TABLES], check=True, capture_output=True)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(LIMIT_SQL)
        script.flush()
        command = [program, "-n", "-c", str(clients), "-j", "2", "-T", str(int(seconds)), "-f", script.name, url]
        printed = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout
    found = re.search(r"tps = ([0-9.]+)", printed)
    assert found, printed
    return float(found[1])


async def rows(stack: Stack, admin_url: str) -> list[Row]:
    """Measure limit and ours alternately, then the lag at half of our rate."""
    limit = await asyncio.to_thread(pgbench, admin_url)
    rate, took = await intake(stack)
    lags = await lag(stack, max(5.0, rate / 2))
    return [
        Row("G1 intake, 8 clients, 3 lines", f"{rate:.0f} orders/s, {spread(took)}", f"pgbench {limit:.0f} tps", f"{rate / limit:.1%}", ">= 8 %"),
        Row("G3 event lag at half load", spread(lags), "", "", "p99 < 60 ms"),
        Row("G3 share within 300 ms", f"{sum(1 for value in lags if value < 0.3) / max(1, len(lags)):.1%}", "", "", f"p95 {percentile(lags, 0.95) * 1000:.0f} ms"),
    ]  # fmt: skip
