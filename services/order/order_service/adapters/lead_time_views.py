"""Lead times of a period, exact: whole weeks and months from their sorted runs, the cut ones from the orders themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Database
from chassis.sql import text
from order_service.adapters.lead_time_runs import KINDS, unpacked
from order_service.adapters.order_rows import read_id
from order_service.adapters.order_views import OWN
from order_service.domain.ranks import Run, Summary, summary
from order_service.domain.stages import REPORTED

# An order counts in the period, week or month in which it was entered; an order of several items counts for each.
GROUP_WORDS = ("week", "month", "customer", "item", "sales_owner", "channel")
WHOLE = "whole"  # everything of the period as one group
_BY_START = ("week", "month")
_RUNS = """
SELECT {key} AS key, stage, array_agg(seconds) AS runs, sum(total) AS total FROM lead_time_run
WHERE kind = :kind AND hours = :hours AND starts BETWEEN :begin AND :end GROUP BY 1, stage
"""
_CUT = """
SELECT {key} AS key, {laid} FROM order_stage_time t {join}
WHERE t.day BETWEEN :first AND :before OR t.day BETWEEN :after AND :last GROUP BY 1
"""
# Every stage's seconds in one pass without a sort; what is sorted here is only what the period cuts off.
_LAID = ", ".join(
    f"string_agg(int4send(t.{{hours}}[{n}]), CAST('' AS bytea)) AS s{n}" for n in range(1, len(REPORTED) + 1)
)
_NAMES = text("SELECT CAST(id AS text) AS id, name FROM customer WHERE id = ANY(CAST(:ids AS uuid[]))")
_CELL = """
SELECT o.number, c.name AS customer_name, t.sales_owner, t.day, o.state, t.order_id,
       t.elapsed[:n] AS elapsed, t.working[:n] AS working
FROM order_stage_time t JOIN customer_order o ON o.id = t.order_id JOIN customer c ON c.id = t.customer_id
WHERE t.day BETWEEN :first AND :last AND t.{hours}[:n] IS NOT NULL {group} {own} {after}
ORDER BY t.{hours}[:n] DESC, t.order_id DESC LIMIT :limit
"""
_IN_GROUP = {
    "week": "AND date_trunc('week', t.day) = CAST(:key AS date)",
    "month": "AND date_trunc('month', t.day) = CAST(:key AS date)",
    "customer": "AND t.customer_id = CAST(:key AS uuid)",
    "item": "AND t.items @> ARRAY[CAST(:key AS text)]",
    "sales_owner": "AND t.sales_owner = :key",
    "channel": "AND t.channel = :key",
    WHOLE: "",
}


Found = tuple[str, str, list[Run], int]


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, both counted, and which hours."""

    first: date
    last: date
    hours: str = "elapsed"  # or working


@dataclass(frozen=True, slots=True)
class Group:
    """One row of the heat map: what it is called, what finds its orders, and its cells by stage."""

    key: str
    ref: str
    cells: dict[str, Summary]


@dataclass(frozen=True, slots=True)
class CellOrder:
    """An order behind a cell; seconds."""

    number: str
    customer_name: str
    sales_owner: str
    day: date
    state: str
    order_id: UUID
    elapsed: int
    working: int


def whole_part(period: Period, kind: str) -> tuple[date, date]:
    """Return the first days of the first and last week or month that lie whole in the period; reversed when none does."""
    if kind == "week":
        begin = period.first + timedelta(days=-period.first.weekday() % 7)
        return begin, period.last - timedelta(days=(period.last.weekday() + 1) % 7 + 6)
    begin = period.first if period.first.day == 1 else _next_month(period.first)
    following = period.last + timedelta(days=1)
    end = following.replace(day=1)
    return begin, (end - timedelta(days=1)).replace(day=1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


class LeadTimeViews:
    """Answers about where time went."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def groups(self, period: Period, group_by: str) -> list[Group]:
        """Return the cells of each group, by key; cancelled orders are left out."""
        runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for key, stage, found, total in await self._found(period, group_by):
            runs[key, stage] += found
            totals[key, stage] += total
        names = await self._names(group_by, sorted({ref for ref, _ in runs}))
        groups = [
            Group(name, ref, {stage: summary(runs.get((ref, stage), []), totals[ref, stage]) for stage in REPORTED})
            for ref, name in names.items()
        ]
        return sorted(groups, key=lambda group: (group.key, group.ref))

    async def _found(self, period: Period, group_by: str) -> list[Found]:
        """Return group, stage, runs and their sum, of the whole part and of the cut ones."""
        kind = "month" if group_by == WHOLE else group_by
        begin, end = whole_part(period, kind)
        if begin > end:  # nothing lies whole in it: the orders tell all of it
            begin, end = period.last + timedelta(days=1), period.last
        _, key, join = KINDS[kind]
        by_start = {"week": "date_trunc('week', t.day)", "month": "date_trunc('month', t.day)"}.get(group_by)
        cut_key = "''" if group_by == WHOLE else f"CAST(CAST({by_start} AS date) AS text)" if by_start else key
        run_key = "CAST(starts AS text)" if by_start else "key"
        after = begin if begin > end else _after(end, kind)
        params = {"first": period.first, "before": begin - timedelta(days=1), "after": after, "last": period.last}
        cut = text(_CUT.format(key=cut_key, join=join, laid=_LAID.format(hours=period.hours)))
        async with self._database.read() as connection:
            whole = await connection.execute(
                text(_RUNS.format(key=run_key)), {"kind": kind, "hours": period.hours, "begin": begin, "end": end}
            )
            parts = (await connection.execute(cut, params)).all()
        found: list[Found] = [
            (row.key, row.stage, [unpacked(run) for run in row.runs], int(row.total)) for row in whole
        ]
        return found + [part for row in parts for part in _cut(row.key, row[1:])]

    async def _names(self, group_by: str, refs: Sequence[str]) -> dict[str, str]:
        """Return what each group is called."""
        if group_by == "customer":
            async with self._database.read() as connection:
                known = {row.id: row.name for row in await connection.execute(_NAMES, {"ids": list(refs)})}
            return {ref: known.get(ref, ref) for ref in refs}
        if group_by == "week":
            return {ref: f"{date.fromisoformat(ref):%G-W%V}" for ref in refs}
        return {ref: ref[:7] if group_by == "month" else ref for ref in refs}

    async def orders(
        self,
        period: Period,
        stage: str,
        group: tuple[str, str],
        after: tuple[int, UUID] | None,
        limit: int,
        owner: str = "",
    ) -> list[CellOrder]:
        """Return the orders behind a cell, slowest first, that `owner` may see.

        `group` is kind and ref, `after` the last time and id seen.
        """
        kind, ref = group
        if (kind == "customer" and read_id(ref) is None) or (kind in _BY_START and not _is_date(ref)):
            return []
        params: dict[str, Any] = {
            "n": REPORTED.index(stage) + 1, "first": period.first, "last": period.last, "limit": limit,
        }  # fmt: skip
        if kind != WHOLE:
            params["key"] = date.fromisoformat(ref) if kind in _BY_START else ref
        if after is not None:
            params |= {"seconds": after[0], "after": after[1]}
        if owner:
            params["owner"] = owner
        own = f"AND {OWN}" if owner else ""
        following = f"AND (t.{period.hours}[:n], t.order_id) < (:seconds, :after)" if after else ""
        query = text(_CELL.format(hours=period.hours, group=_IN_GROUP[kind], own=own, after=following))
        async with self._database.read() as connection:
            return [CellOrder(*row) for row in await connection.execute(query, params)]


def _cut(key: str, laid: Sequence[bytes | None]) -> list[Found]:
    """Return what a cut week or month holds of a group, by stage."""
    runs = [(stage, sorted(unpacked(values))) for stage, values in zip(REPORTED, laid, strict=True) if values]
    return [(key, stage, [run], sum(run)) for stage, run in runs]


def _after(start: date, kind: str) -> date:
    """Return the first day after a week or month."""
    return start + timedelta(days=7) if kind == "week" else _next_month(start)


def _is_date(text_: str) -> bool:
    try:
        date.fromisoformat(text_)
    except ValueError:
        return False
    return len(text_) == 10
