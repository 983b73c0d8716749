"""Reservations on the batch path, and stock pages beside a million ledger rows.

Run with a test server: python -m deploy.local.testbed run -- python -m tests.bench.inventory_reservations
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path

import asyncpg
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.inventory.v1 import inventory_pb2 as pb
from orderhub.planning.v1 import events_pb2 as planning

from chassis.events import Incoming
from inventory_service.wiring import APPEND_ONLY, Settings, build
from tests.bench.report import Row, percentile, show, spread
from tests.support.events import incoming
from tests.support.postgres import APP, OWNER, TestDatabases
from tests.support.trust import keys, trusted

ITEMS, JOBS_PER_ORDER, BATCH, BATCHES = 200, 10, 50, 12
LEDGER_ROWS = 1_000_000
LIMIT_SQL = """
WITH need AS (SELECT * FROM unnest($1::text[], $2::text[], $3::numeric[]) AS n (po, item_code, qty)),
alloc AS (
  SELECT n.po, n.item_code, n.qty, greatest(0, least(n.qty, s.on_hand - s.reserved - (sum(n.qty) OVER w - n.qty))) AS got
  FROM need n JOIN stock s USING (item_code) WINDOW w AS (PARTITION BY n.item_code ORDER BY n.po ROWS UNBOUNDED PRECEDING)
),
up AS (UPDATE stock s SET reserved = s.reserved + t.g
       FROM (SELECT item_code, sum(got) AS g FROM alloc GROUP BY 1) t WHERE s.item_code = t.item_code)
INSERT INTO limit_line SELECT po, item_code, qty, got FROM alloc
"""


def order(number: int, rng: random.Random) -> planning.OrderPlanned:
    """Return an order of ten production orders with three to twelve of 200 components, some of them hot."""
    jobs = []
    for job in range(JOBS_PER_ORDER):
        codes = {f"I{int(ITEMS * rng.random() ** 2)}" for _ in range(rng.randint(3, 12))}
        demands = [
            planning.Demand(line_no=1, item_code=code, quantity=str(rng.randint(1, 5)), unit="件") for code in codes
        ]
        jobs.append(
            planning.PlannedProductionOrder(
                production_order_number=f"PO{number}-{job}", line_no=1, item_code="FG", quantity="1", unit="件",
                components=demands, urgency="green", due_date="2026-12-01",
            )
        )  # fmt: skip
    return planning.OrderPlanned(order_number=f"SO{number}", production_orders=jobs, urgency="green")


def batches(rng: random.Random) -> list[list[Incoming]]:
    """Return batches of events as a consumer gets them."""
    return [
        [incoming("planning", f"orders/SO{b * BATCH + n}", 1, order(b * BATCH + n, rng)) for n in range(BATCH)]
        for b in range(BATCHES)
    ]


async def reservations(url: str, owner: asyncpg.Connection) -> Row:
    """Feed batches through the inbox, as the consumer does, and the bare statement beside it."""
    service = build(Settings(
        database_url=url, amqp_url="amqp://nobody", signing_key=keys()["inventory"], trusted_keys=trusted(), profile="test",
    ))  # fmt: skip
    work = batches(random.Random(7))
    await owner.execute(
        "INSERT INTO stock (item_code, on_hand) SELECT 'I' || n, 3000 FROM generate_series(0, $1::int) n", ITEMS
    )
    inbox, took = service.inbox(), []
    before, cpu = await deadlocks(owner), time.process_time()
    for batch in work:
        started = time.perf_counter()
        await inbox.take(batch)
        took.append(time.perf_counter() - started)
    cpu = (time.process_time() - cpu) / (len(work) * BATCH * JOBS_PER_ORDER)
    ours = BATCH * JOBS_PER_ORDER / sorted(took)[len(took) // 2]
    oversold = await owner.fetchval("SELECT count(*) FROM stock WHERE reserved > on_hand")
    limit = await bare(owner, work)
    await service.database.close()
    figure = (
        f"{ours:,.0f} reservations/s, {cpu * 1000:.2f} ms CPU each, {spread(took)} a batch, "
        f"deadlocks {await deadlocks(owner) - before}, oversold {oversold}"
    )
    return Row(
        "reservations, batch path", figure, f"{limit:,.0f}/s bare statement", f"{ours / limit:.0%}", ">= 2,000/s"
    )


async def bare(owner: asyncpg.Connection, work: list[list[Incoming]]) -> float:
    """Return reservations per second of one ordered statement per batch, nothing else."""
    await owner.execute("CREATE TABLE IF NOT EXISTS limit_line (po text, item_code text, qty numeric, got numeric)")
    took = []
    for batch in work:
        rows = [
            (job["production_order_number"], demand["item_code"], demand["quantity"])
            for event in batch for job in event.data["production_orders"] for demand in job["components"]
        ]  # fmt: skip
        columns = [list(column) for column in zip(*rows, strict=True)]
        started = time.perf_counter()
        async with owner.transaction():
            await owner.execute(
                "SELECT 1 FROM stock WHERE item_code = ANY ($1) ORDER BY item_code FOR NO KEY UPDATE", columns[1]
            )
            await owner.execute(LIMIT_SQL, *columns)
        took.append(time.perf_counter() - started)
    return BATCH * JOBS_PER_ORDER / sorted(took)[len(took) // 2]


async def deadlocks(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


async def stock_pages(url: str, owner: asyncpg.Connection) -> list[Row]:
    """Ask for a balance and walk the ledger of one item beside a million rows."""
    await owner.execute("""
        INSERT INTO item_copy (item_code, name, unit, whole_units, version) SELECT 'L' || n, 'L' || n, '件', false, 1
        FROM generate_series(0, 99) n;
        INSERT INTO stock (item_code, on_hand) SELECT 'L' || n, 10000 FROM generate_series(0, 99) n""")
    await owner.execute("""
        INSERT INTO stock_movement (movement_id, item_code, kind, quantity, actor, at)
        SELECT 'm' || n, 'L' || n % 100, 'receipt', 1, 'bench', now() FROM generate_series(1, $1::int) n""", LEDGER_ROWS)  # fmt: skip
    await owner.execute("ANALYZE stock_movement")
    service = build(Settings(
        database_url=url, amqp_url="amqp://nobody", signing_key=keys()["inventory"], trusted_keys=trusted(), profile="test",
    ))  # fmt: skip
    api, gets, pages, token = service.servicers[0][1], [], [], ""
    for n in range(300):
        started = time.perf_counter()
        await api.GetStock(pb.GetStockRequest(item_code=f"L{n % 100}"), None)
        gets.append(time.perf_counter() - started)
    for _ in range(50):
        started = time.perf_counter()
        answer = await api.ListLedger(
            pb.ListLedgerRequest(item_code="L7", page=PageRequest(page_size=200, page_token=token)), None
        )
        pages.append(time.perf_counter() - started)
        token = answer.next_page_token
    await service.database.close()
    return [
        Row(
            "GET stock, 1 M ledger rows",
            f"p95 {percentile(gets, 0.95) * 1000:.1f} ms, {spread(gets)}",
            goal="p95 < 10 ms",
        ),
        Row("ledger, 50 pages of 200 of 1 M", spread(pages)),
    ]


async def rows(server: str) -> list[Row]:
    """Return the rows of this bench, measured in a throwaway database of this server, leaving nothing behind."""
    os.environ["ORDERHUB_TEST_POSTGRES_URL"] = server
    databases = TestDatabases()
    try:
        url = await databases.create("inventory", APPEND_ONLY)
        owner = await asyncpg.connect(databases.url(url.rsplit("/", 1)[1], OWNER).replace("+asyncpg", ""))
        found = [await reservations(url, owner), *await stock_pages(url, owner)]
        await owner.close()
        return found
    finally:
        await databases.close()
        await drop_roles(server)


async def drop_roles(server: str) -> None:
    """Leave no test roles on a server that serves people."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"DROP ROLE IF EXISTS {OWNER}, {APP}")
    except asyncpg.DependentObjectsStillExistError:
        return  # other tests are using them
    finally:
        await connection.close()


if __name__ == "__main__":
    show(asyncio.run(rows(os.environ["ORDERHUB_TEST_POSTGRES_URL"])), Path(".run/bench"))
