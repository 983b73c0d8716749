"""Lead times of a period, exact: from sorted runs of weeks and months; of those it cuts only what fell on its days."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate, compress, pairwise
from typing import Any
from uuid import UUID

from chassis.database import Database
from chassis.sql import Rows, Statement, text
from order_service.adapters.lead_time_runs import unpacked
from order_service.adapters.order_rows import read_id
from order_service.adapters.order_views import OWN
from order_service.domain.ranks import Run, Summary, summary
from order_service.domain.stages import REPORTED

# An order counts in the period, week or month in which it was entered; an order of several items counts for each.
GROUP_WORDS = ("week", "month", "customer", "item", "sales_owner", "channel")
WHOLE = "whole"  # everything of the period as one group
_BY_START = ("week", "month")
LONGEST = 31  # days of a week or month
# Run by run: laying them together in an array of a cell costs the database as much again as reading them. At most two weeks
# or months are cut: the days of their seconds are read too. One statement, so one state of everything.
_RUNS = """
SELECT {key} AS key, stage, starts, total, seconds, CASE WHEN starts = ANY(:cut) THEN days END AS days
FROM lead_time_run WHERE kind = :kind AND hours = :hours AND starts BETWEEN :begin AND :end
"""
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


@dataclass(slots=True)
class Cell:
    """Runs of one group and stage, whole ones as they are stored, and the sum of all their seconds."""

    stored: list[bytes] = field(default_factory=list)
    kept: list[Run] = field(default_factory=list)
    total: int = 0

    def summary(self) -> Summary:
        """Return what was measured; small runs come by the ten thousand, so they are unpacked together."""
        laid = unpacked(b"".join(self.stored))
        ends = accumulate((len(run) // laid.itemsize for run in self.stored), initial=0)
        return summary([laid[begin:end] for begin, end in pairwise(ends)] + self.kept, self.total)


def cut_starts(period: Period, kind: str) -> list[date]:
    """Return the first days of the weeks or months that lie only partly in the period."""
    begin, end = _start(period.first, kind), _start(period.last, kind)
    cut = {begin} if begin < period.first else set()
    if _start(period.last + timedelta(days=1), kind) == end:
        cut.add(end)
    return sorted(cut)


def counted_days(starts: date, period: Period) -> bytes:
    """Return, for each day after the first of a week or month, whether the period has it: 1 or 0, for `within`."""
    days = bytes(period.first <= starts + timedelta(days=day) <= period.last for day in range(LONGEST))
    return days.ljust(256, b"\0")


def within(run: Run, days: bytes, counted: bytes) -> Run:
    """Return what of a run counts by its days, ascending as it was."""
    return array("i", list(compress(run, days.translate(counted))))


def _start(day: date, kind: str) -> date:
    """Return the first day of the week or month of a day."""
    return day - timedelta(days=day.weekday()) if kind == "week" else day.replace(day=1)


class LeadTimeViews:
    """Answers about where time went."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def groups(self, period: Period, group_by: str) -> list[Group] | None:
        """Return the cells of each group, by key; cancelled orders are left out.

        None when a run is cut whose days the release before this left unknown: the follower has to make them first.
        """
        kind = "month" if group_by == WHOLE else group_by
        counted = {starts: counted_days(starts, period) for starts in cut_starts(period, kind)}
        cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
        for key, stage, starts, total, seconds, days in await self._found(period, kind, group_by, list(counted)):
            if starts not in counted:
                cell = cells[key, stage]
                cell.stored.append(seconds)
                cell.total += total
            elif days is None:
                return None
            elif kept := within(unpacked(seconds), days, counted[starts]):
                cell = cells[key, stage]
                cell.kept.append(kept)
                cell.total += sum(kept)
        names = await self._names(group_by, sorted({ref for ref, _ in cells}))
        nothing = Cell()
        groups = [
            Group(name, ref, {stage: cells.get((ref, stage), nothing).summary() for stage in REPORTED})
            for ref, name in names.items()
        ]
        return sorted(groups, key=lambda group: (group.key, group.ref))

    async def _found(self, period: Period, kind: str, group_by: str, cut: Sequence[date]) -> Rows:
        """Return every run of the period with its sum, and with its days when it is one of those cut."""
        query = text(_RUNS.format(key="CAST(starts AS text)" if group_by in _BY_START else "key"))
        begin, end = _start(period.first, kind), _start(period.last, kind)
        params = {"kind": kind, "hours": period.hours, "begin": begin, "end": end, "cut": cut}
        async with self._database.read() as connection:
            return await connection.execute(query, params)

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
            "n": REPORTED.index(stage) + 1, "first": period.first, "last": period.last, "limit": limit, "owner": owner,
            "key": date.fromisoformat(ref) if kind in _BY_START else ref,
        }  # fmt: skip
        if after is not None:
            params |= {"seconds": after[0], "after": after[1]}
        async with self._database.read() as connection:
            found = await connection.execute(_cell(period.hours, kind, owned=bool(owner), later=bool(after)), params)
            return [CellOrder(*row) for row in found]


def _cell(hours: str, kind: str, *, owned: bool, later: bool) -> Statement:
    """Return the query of the orders behind a cell: all or somebody's, all or those after a place."""
    own = f"AND {OWN}" if owned else ""
    following = f"AND (t.{hours}[:n], t.order_id) < (:seconds, :after)" if later else ""
    return text(_CELL.format(hours=hours, group=_IN_GROUP[kind], own=own, after=following))


def _is_date(text_: str) -> bool:
    try:
        date.fromisoformat(text_)
    except ValueError:
        return False
    return len(text_) == 10
