"""Heat map, reconciliation and the order list over a year of 86,000 orders and over a million.

Run with a test server: python -m deploy.local.testbed run -- python -m tests.bench.reports
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.order.v1 import finance_pb2, order_pb2

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.run import Service
from chassis.sql import text
from order_service.adapters.lead_time_runs import KINDS, pack
from order_service.adapters.lead_time_views import GROUP_WORDS
from order_service.wiring import Settings, build
from tests.bench.report import Row, percentile, show
from tests.support.postgres import TestDatabases
from tests.support.trust import keys, trusted

YEAR, MILLION = 86_000, 1_000_000
NOW = datetime(2026, 12, 31, 4, tzinfo=UTC)
ROUNDS = 9
LAST_PLACE = 0.0001  # hours, as the report shows them
# A full year; a period that cuts a week and two months; the default of the last 90 days; both ends cut in the middle, and
# so that nearly nothing or nearly all of the first and last month counts; one day.
PERIODS = (
    ("2026-01-01", "2026-12-31"),
    ("2026-02-11", "2026-11-19"),
    ("2026-10-02", "2026-12-31"),
    ("2026-01-16", "2026-12-16"),
    ("2026-01-31", "2026-12-01"),
    ("2026-01-02", "2026-12-30"),
    ("2026-07-15", "2026-07-15"),
)
CUSTOMERS = """
INSERT INTO customer (id, name, pinyin, created_at, created_by)
SELECT CAST(lpad(to_hex(n), 32, '0') AS uuid), 'Customer ' || n, 'c' || n, now(), 'bench' FROM generate_series(1, 62) n
"""
# Orders spread evenly over the year; times skewed, in seconds, so that hardly two are the same.
TIMES = """
INSERT INTO order_stage_time (order_id, day, customer_id, sales_owner, items, elapsed, working, channel)
SELECT o.id, CAST(o.created_at AT TIME ZONE 'Asia/Shanghai' AS date), o.customer_id, o.sales_owner,
  ARRAY['I' || (o.n % 300), 'I' || ((o.n + 150) % 300)], t.elapsed, t.elapsed,
  (ARRAY['wechat', 'phone', 'web', 'email'])[o.n % 4 + 1]
FROM bench_order o CROSS JOIN LATERAL (
  SELECT ARRAY(SELECT CAST(900000 * random() * random() + 0 * o.n AS int) FROM generate_series(1, 10)) AS elapsed) t
"""
PLAN = """
CREATE UNLOGGED TABLE bench_order AS
SELECT n, CAST(lpad(to_hex(n + 4294967296), 32, '0') AS uuid) AS id,
  CAST(lpad(to_hex(n % 62 + 1), 32, '0') AS uuid) AS customer_id, 'owner' || n % 9 AS sales_owner,
  timestamptz '2026-01-01 00:00+08' + n * (interval '365 days' / $1) AS created_at
FROM generate_series(0, $1 - 1) n
"""
ORDERS = """
INSERT INTO customer_order (id, number, customer_id, entered_customer_id, contact_name, contact_phone, channel, source_ref,
  due_date, urgency, sales_owner, kind, ship_on_receipt, note, attachment_ids, confirm_requested, capacity_required,
  confirmed_at, planned_at, state, content_hash, traceparent, created_at, created_by, updated_at)
SELECT id, 'SO' || to_char(created_at, 'YYYYMMDD') || '-' || lpad(CAST(n AS text), 6, '0'), customer_id, customer_id, '',
  '+86138' || lpad(CAST(n AS text), 8, '0'), (ARRAY['wechat', 'phone', 'web', 'email'])[n % 4 + 1], 'QM' || n,
  CAST(created_at AS date) + 10, (ARRAY['red', 'yellow', 'green', 'green'])[n % 4 + 1], sales_owner, 'firm', false, '',
  '{}', true, false, created_at, created_at,
  (ARRAY['closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'closed', 'signed', 'shipped', 'confirmed'])[n % 10 + 1],
  md5(CAST(n AS text)), '', created_at, 'bench', created_at
FROM bench_order
"""
LINES = """
INSERT INTO order_line (order_id, line_no, item_code, item_name, quantity, unit, due_date, due_date_inherited,
  entered_quantity, entered_unit, shipped_quantity, invoiced_quantity)
SELECT id, l, 'I' || ((n + 150 * (l - 1)) % 300), 'Item', 10, 'pc', CAST(created_at AS date) + 10, true, 10, 'pc', 10,
  CASE WHEN n % 500 = 0 AND l = 1 THEN 9 ELSE 10 END
FROM bench_order, generate_series(1, 2) l
"""
GOODS = """
INSERT INTO shipment (number, id, carrier, tracking_numbers, shipped_at)
SELECT 'SH' || n, 'SH' || n, '', ARRAY['SF' || n], created_at + interval '5 days' FROM bench_order;
INSERT INTO shipment_line (shipment_number, order_id, line_no, item_code, quantity, unit, actor, told)
SELECT 'SH' || n, id, l, 'I', 10, 'pc', 'bench', true FROM bench_order, generate_series(1, 2) l;
INSERT INTO invoice_task (id, order_id, state, opened_at, closed_at, due_from)
SELECT id, id, 'done', created_at + interval '5 days', created_at + interval '6 days', created_at FROM bench_order;
INSERT INTO invoice (task_id, invoice_no, order_id, recorded_at, actor)
SELECT id, 'FP' || n, id, created_at + interval '6 days', 'bench' FROM bench_order;
INSERT INTO invoice_line (task_id, invoice_no, order_id, line_no, quantity)
SELECT id, 'FP' || n, id, l, CASE WHEN n % 500 = 0 AND l = 1 THEN 9 ELSE 10 END FROM bench_order, generate_series(1, 2) l;
"""

log = structlog.get_logger()


@dataclass
class Office:
    """An order service over made data, and its database as the owner sees it."""

    service: Service
    owner: asyncpg.Connection
    packing: Database

    async def make(self, count: int, *, whole: bool) -> None:
        """Make a year of `count` orders; only their times unless they are to be listed and reconciled."""
        await self.owner.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        await self.owner.execute("TRUNCATE customer CASCADE")
        await self.owner.execute(CUSTOMERS)
        await self.owner.execute("DROP TABLE IF EXISTS bench_order")
        await self.owner.execute(PLAN.replace("$1", str(count)))
        for made in (ORDERS, LINES, GOODS, TIMES) if whole else (TIMES,):
            await self.owner.execute(made)
        await self.owner.execute("TRUNCATE lead_time_change, lead_time_run")
        await self.owner.execute("VACUUM ANALYZE")
        for kind in KINDS:
            async with self.packing.transaction(who="bench") as unit:
                await unit.execute(text("SET LOCAL statement_timeout = '10min'"))
                await unit.execute(text("SET LOCAL work_mem = '200MB'"))
                await pack(unit, kind, "elapsed")
        await self.owner.execute("VACUUM ANALYZE lead_time_run")


async def timed(ask: Callable[[], Awaitable[Any]]) -> str:
    """Return median, worst and this process's CPU of a few rounds, in milliseconds; the first round does not count."""
    await ask()
    took, cpu = [], time.process_time()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu) / ROUNDS
    return f"median {percentile(took, 0.5) * 1000:.0f} ms, worst {max(took) * 1000:.0f} ms, own CPU {cpu * 1000:.0f} ms"


async def heat_maps(office: Office, count: int, goal: str) -> list[Row]:
    """Return the heat map by each grouping over several periods."""
    finance = office.service.servicers[2][1]
    found = []
    for group_by in GROUP_WORDS:
        for first, last in PERIODS:
            request = finance_pb2.GetLeadTimesRequest(from_date=first, to_date=last, group_by=group_by)
            figure = await timed(lambda request=request: finance.GetLeadTimes(request, None))  # type: ignore[misc]
            found.append(Row(f"heat map of {count:,} orders by {group_by}, {first} to {last}", figure, goal=goal))
    return found


async def exactness(office: Office) -> Row:
    """Hold a year's cells to what the database's own percentiles say."""
    finance = office.service.servicers[2][1]
    request = finance_pb2.GetLeadTimesRequest(from_date="2026-02-11", to_date="2026-11-19", group_by="customer")
    answer = await finance.GetLeadTimes(request, None)
    rows = await office.owner.fetch(
        "SELECT CAST(customer_id AS text) AS ref, count(*) AS n, round(CAST(p[1] / 3600 AS numeric), 4) AS median,"
        " round(CAST(p[2] / 3600 AS numeric), 4) AS p90 FROM (SELECT customer_id, percentile_cont(ARRAY[0.5, 0.9])"
        " WITHIN GROUP (ORDER BY elapsed[1]) AS p FROM order_stage_time WHERE day BETWEEN $1 AND $2 GROUP BY 1) t"
        " JOIN order_stage_time s USING (customer_id) WHERE day BETWEEN $1 AND $2 GROUP BY 1, p",
        date(2026, 2, 11), date(2026, 11, 19),
    )  # fmt: skip
    expected = {row["ref"]: (row["n"], float(row["median"]), float(row["p90"])) for row in rows}
    cells = {group.ref: group.cells[0] for group in answer.groups}
    wrong = sum(not _same(cells[ref], *figures) for ref, figures in expected.items())
    return Row("heat map against percentile_cont", f"{wrong} of {len(expected)} groups differ", goal="0")


def _same(cell: finance_pb2.LeadTimeCell, n: int, median: float, p90: float) -> bool:
    """Compare to the last place shown; the database rounds halves of it the other way."""
    off = max(abs(float(cell.median_hours) - median), abs(float(cell.p90_hours) - p90))
    return cell.n == n and off < LAST_PLACE * 1.01


LISTS: dict[str, dict[str, Any]] = {
    "newest": {},
    "state confirmed": {"state": "confirmed"},
    "state planned (none)": {"state": "planned"},
    "urgency red": {"urgency": "red"},
    "channel phone": {"channel": "phone"},
    "customer": {"customer_id": "00000000-0000-0000-0000-000000000007"},
    "customer and state": {"customer_id": "00000000-0000-0000-0000-000000000007", "state": "shipped"},
    "due before, open": {"due_before": "2026-03-01", "state": "confirmed"},
    "due before the year (few)": {"due_before": "2026-01-13"},
    "search number": {"q": "SO20260704"},
    "search original number": {"q": "QM4711"},
    "search phone": {"q": "13800004711"},
    "search tracking number": {"q": "SF4711"},
    "search item": {"q": "I7"},
    "search customer": {"q": "customer 7"},
    "search nothing": {"q": "nowhere"},
}


async def lists(office: Office) -> list[Row]:
    """Return the order list by each filter, its last page too."""
    orders = office.service.servicers[0][1]
    found = []
    for name, values in LISTS.items():
        request = order_pb2.ListOrdersRequest(page=PageRequest(page_size=50), **values)
        figure = await timed(lambda request=request: orders.ListOrders(request, None))  # type: ignore[misc]
        found.append(Row(f"order list of {YEAR:,}, {name}", figure, goal="< 200 ms"))
    return found


async def reconciliation(office: Office) -> Row:
    """Return a month's reconciliation; one line of five hundred orders differs."""
    finance = office.service.servicers[2][1]
    request = finance_pb2.GetReconciliationRequest(month="2026-06")
    answer = await finance.GetReconciliation(request, None)
    figure = await timed(lambda: finance.GetReconciliation(request, None))
    return Row(
        f"reconciliation of a month of {YEAR // 12:,} orders", f"{figure}, {len(answer.items)} found", goal="< 500 ms"
    )


async def rows(server: str) -> list[Row]:
    """Return the rows of all reports; `server` is a superuser's URL of a Postgres to make databases on."""
    os.environ["ORDERHUB_TEST_POSTGRES_URL"] = server
    databases = TestDatabases()
    url = await databases.create("order", append_only=("timeline",))
    service = build(Settings(
        database_url=url, amqp_url="amqp://nobody", signing_key=keys()["order"], trusted_keys=trusted(), profile="test",
        tracking_key="ab" * 32,
    ), FixedClock(NOW))  # fmt: skip
    name = url.rsplit("/", 1)[1]
    owner = await asyncpg.connect(f"{server.rsplit('/', 1)[0]}/{name}", command_timeout=900)
    office = Office(service, owner, Database(url, "bench", patience=600))
    try:
        await office.make(YEAR, whole=True)
        found = [*await heat_maps(office, YEAR, "< 100 ms"), await exactness(office), await reconciliation(office)]
        found += await lists(office)
        log.info("reports_of_a_year", rows=[f"{row.bench}: {row.figure}" for row in found])
        await office.make(MILLION, whole=False)
        return found + await heat_maps(office, MILLION, "< 500 ms")
    finally:
        await asyncio.gather(owner.close(), office.packing.close())
        for close in service.closers:
            await close()
        await service.database.close()
        await databases.close()


if __name__ == "__main__":
    show(asyncio.run(rows(os.environ["ORDERHUB_TEST_POSTGRES_URL"])), Path(".run/bench"))
