"""Lead times of any period are what the database counts over the orders themselves, while an older release runs beside too."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chassis.clock import FixedClock
from chassis.sql import text
from order_service.adapters.lead_time_views import WHOLE, Group, Period
from order_service.domain.stages import REPORTED
from tests.service.order.conftest import World
from tests.service.order.test_reports import report, runs, scattered

EXPECTED = """
SELECT {key} AS ref, s.n - 1 AS stage, count(*) AS n, sum(s.seconds) AS total,
  percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY s.seconds) AS ranks
FROM order_stage_time t CROSS JOIN LATERAL unnest(t.{hours}) WITH ORDINALITY s (seconds, n) {join}
WHERE t.day BETWEEN :first AND :last AND s.seconds IS NOT NULL GROUP BY 1, 2
"""
KEYS = {
    "week": "CAST(CAST(date_trunc('week', t.day) AS date) AS text)",
    "month": "CAST(CAST(date_trunc('month', t.day) AS date) AS text)",
    "customer": "CAST(t.customer_id AS text)", "item": "i.code", "sales_owner": "t.sales_owner",
    "channel": "t.channel", WHOLE: "''",
}  # fmt: skip
# Both ends cut: more than half of a month, less, a day of it left; within one month and one week; one day; one whole month;
# an edge on a first and a last day; edges beyond the first and last order; a period without any.
PERIODS = (
    ("2026-11-22", "2027-01-10"), ("2026-11-24", "2027-01-25"), ("2026-11-30", "2027-01-01"), ("2026-12-03", "2026-12-20"),
    ("2026-12-08", "2026-12-10"), ("2026-12-17", "2026-12-17"), ("2026-11-22", "2026-11-22"), ("2026-12-01", "2026-12-31"),
    ("2026-12-01", "2027-01-12"), ("2026-11-26", "2026-12-31"), ("2026-10-15", "2028-02-15"), ("2026-11-01", "2026-11-21"),
    ("2025-01-05", "2025-03-05"),
)  # fmt: skip


@pytest.mark.parametrize("hours", ["elapsed", "working"])
async def test_any_period_and_grouping_is_what_the_database_counts(world: World, clock: FixedClock, hours: str) -> None:
    await scattered(world, clock, 40)
    assert await world.finance.keeper.follow() == 0
    cells_seen = 0
    for group_by, key in KEYS.items():
        join = "CROSS JOIN LATERAL unnest(t.items) i (code)" if group_by == "item" else ""
        query = EXPECTED.format(key=key, hours=hours, join=join)
        for first, last in (map(date.fromisoformat, period) for period in PERIODS):
            rows = await world.rows(query, first=first, last=last)
            groups = await world.finance.lead_times.groups(Period(first, last, hours), group_by) or []
            found = {(x.ref, stage): cell for x in groups for stage, cell in x.cells.items() if cell.n}

            assert {x.ref for x in groups} == {row["ref"] for row in rows}
            assert {at: cell.n for at, cell in found.items()} == {_at(row): row["n"] for row in rows}
            for row in rows:
                cell = found[_at(row)]
                for told, seconds in zip(
                    (cell.mean, cell.median, cell.p90), (row["total"] / row["n"], *row["ranks"]), strict=True
                ):
                    assert told is not None
                    assert abs(float(told) - float(seconds) / 3600) < 0.0001
            cells_seen += len(rows)
    assert cells_seen > 300


def _at(row: Any) -> tuple[str, str]:
    return row["ref"], REPORTED[row["stage"]]


async def test_runs_the_release_before_changed_get_their_days(world: World, clock: FixedClock) -> None:
    await scattered(world, clock, 12)
    await world.finance.keeper.follow()
    expected = await runs(world)
    async with world.service.database.transaction() as unit:  # as the code before stores a run: it names no days
        await unit.execute(
            text("UPDATE lead_time_run SET total = total + 9, seconds = seconds WHERE kind = 'customer'")
        )
    assert {row[6] for row in await runs(world) if row[0] == "customer"} == {None}
    assert await world.finance.lead_times.groups(Period(date(2026, 11, 23), date(2026, 12, 30)), "customer") is None

    await report(world, "customer", "2026-11-23", "2026-12-30")

    assert await runs(world) == expected


async def test_a_report_waits_for_days_an_older_process_takes_meanwhile(world: World, clock: FixedClock) -> None:
    await scattered(world, clock, 12)
    expected = await report(world, "item", "2026-11-23", "2026-12-30")
    views = world.finance.lead_times
    asked = views.groups

    async def meanwhile(period: Period, group_by: str) -> list[Group] | None:
        world.finance.lead_times.groups = asked
        async with world.service.database.transaction() as unit:
            await unit.execute(text("UPDATE lead_time_run SET seconds = seconds WHERE kind = 'item'"))
        return await asked(period, group_by)

    views.groups = meanwhile

    assert await report(world, "item", "2026-11-23", "2026-12-30") == expected
