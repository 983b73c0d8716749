"""Sorted runs of seconds, each with its day, per group, week or month and stage: changed value by value, or packed anew."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.sql import text
from order_service.domain.stages import REPORTED

HOURS = ("elapsed", "working")
_FIELDS = {"kind": "text", "hours": "text", "starts": "date", "key": "text", "stage": "text"}
_NAMES = ", ".join(_FIELDS)
_KEYS = f"unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _FIELDS.items())})"
_LOAD = text(f"SELECT {_NAMES}, seconds, days FROM lead_time_run WHERE ({_NAMES}) IN (SELECT * FROM {_KEYS})")  # noqa: S608
_STORE = text(f"""
INSERT INTO lead_time_run ({_NAMES}, seconds, days, total)
SELECT * FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _FIELDS.items())},
  CAST(:seconds AS bytea[]), CAST(:days AS bytea[]), CAST(:total AS bigint[])) AS t ({_NAMES}, seconds, days, total)
ON CONFLICT ({_NAMES}) DO UPDATE
SET seconds = EXCLUDED.seconds, days = EXCLUDED.days, total = EXCLUDED.total, writes = lead_time_run.writes + 1
""")  # noqa: S608  constants
_SWEEP = text("DELETE FROM lead_time_run WHERE seconds = ''")
# Seconds and day in one number, so that one quick sort orders both: four bytes of the one, one of the other.
_PACK = """
INSERT INTO lead_time_run (kind, hours, stage, starts, key, seconds, days, total)
SELECT :kind, :hours, :stage, starts, key, string_agg(substr(int8send(entry), 4, 4), CAST('' AS bytea) ORDER BY entry),
  string_agg(substr(int8send(entry), 8), CAST('' AS bytea) ORDER BY entry), sum(entry >> 8)
FROM (
  SELECT CAST({starts} AS date) AS starts, {key} AS key,
    (CAST({value} AS bigint) << 8) | (t.day - CAST({starts} AS date)) AS entry
  FROM order_stage_time t {join}) v
WHERE entry IS NOT NULL GROUP BY starts, key
"""
KINDS: Mapping[str, tuple[str, str, str]] = {  # first day, key, and what is joined for it
    "week": ("date_trunc('week', t.day)", "''", ""),
    "month": ("date_trunc('month', t.day)", "''", ""),
    "customer": ("date_trunc('month', t.day)", "CAST(t.customer_id AS text)", ""),
    "sales_owner": ("date_trunc('month', t.day)", "t.sales_owner", ""),
    "channel": ("date_trunc('month', t.day)", "t.channel", ""),
    "item": ("date_trunc('month', t.day)", "i.code", "CROSS JOIN LATERAL unnest(t.items) AS i (code)"),
}

Entry = tuple[int, int]  # seconds, and days after the first of the week or month


@dataclass(slots=True)
class KeptRun:
    """Seconds of one run, ascending, and beside each its day, ascending where the seconds are the same."""

    seconds: array[int] = field(default_factory=lambda: array("i"))
    days: bytearray = field(default_factory=bytearray)

    def put(self, entry: Entry) -> None:
        """Put an entry where it belongs."""
        at = self._place(entry)
        self.seconds.insert(at, entry[0])
        self.days.insert(at, entry[1])

    def take(self, entry: Entry) -> None:
        """Take an entry out; raise ValueError when it is not there."""
        at = self._place(entry)
        if at == len(self.seconds) or (self.seconds[at], self.days[at]) != entry:
            raise ValueError(f"{entry} is in no run: rebuild the lead times")
        del self.seconds[at], self.days[at]

    def _place(self, entry: Entry) -> int:
        seconds, day = entry
        begin = bisect_left(self.seconds, seconds)
        return bisect_left(self.days, day, begin, bisect_right(self.seconds, seconds, begin))


@dataclass(frozen=True, slots=True)
class StageTimes:
    """What the runs hold of one order; seconds in the order of REPORTED."""

    order_id: UUID
    day: date
    customer_id: UUID
    sales_owner: str
    items: Sequence[str]
    elapsed: Sequence[int | None]
    working: Sequence[int | None]
    channel: str | None  # None: written by the release before, and in no run by channel

    def runs(self) -> Iterator[tuple[tuple[Any, ...], Entry]]:
        """Yield each run this order stands in, with its entry there."""
        month, week = self.day.replace(day=1), self.day - timedelta(days=self.day.weekday())
        groups = [
            ("week", week, ""), ("month", month, ""), ("customer", month, str(self.customer_id)),
            ("sales_owner", month, self.sales_owner), *(("item", month, code) for code in self.items),
        ]  # fmt: skip
        if self.channel is not None:
            groups.append(("channel", month, self.channel))
        for hours, values in zip(HOURS, (self.elapsed, self.working), strict=True):
            for stage, value in zip(REPORTED, values, strict=True):
                if value is not None:
                    for kind, starts, key in groups:
                        yield (kind, hours, starts, key, stage), (value, (self.day - starts).days)


def packed(values: Iterable[int]) -> bytes:
    """Return seconds as a run stores them."""
    return _swapped(array("i", values)).tobytes()


def unpacked(stored: bytes) -> array[int]:
    """Return the seconds of a stored run."""
    return _swapped(array("i", stored))


def _swapped(values: array[int]) -> array[int]:
    if sys.byteorder == "little":
        values.byteswap()
    return values


async def change_runs(unit: Transaction, before: Iterable[StageTimes], after: Iterable[StageTimes]) -> None:
    """Take the entries of `before` out of their runs and put those of `after` in."""
    changes: dict[tuple[Any, ...], Counter[Entry]] = {}
    for sign, rows in ((-1, before), (1, after)):
        for row in rows:
            for run, entry in row.runs():
                changes.setdefault(run, Counter())[entry] += sign
    wanted = [run for run, entries in changes.items() if any(entries.values())]
    if wanted:
        await _rewrite(unit, wanted, changes)


async def _rewrite(
    unit: Transaction, wanted: Sequence[tuple[Any, ...]], changes: Mapping[tuple[Any, ...], Counter[Entry]]
) -> None:
    keys = dict(zip(_FIELDS, map(list, zip(*wanted, strict=True)), strict=True))
    found = {tuple(row)[:5]: row for row in await unit.execute(_LOAD, keys)}
    stored = {key: KeptRun(unpacked(row.seconds), bytearray(row.days)) for key, row in found.items()}
    runs = [changed(stored.get(run) or KeptRun(), changes[run]) for run in wanted]
    await unit.execute(_STORE, {
        **keys, "seconds": [packed(run.seconds) for run in runs], "days": [bytes(run.days) for run in runs],
        "total": [sum(run.seconds) for run in runs],
    })  # fmt: skip
    if not all(run.seconds for run in runs):
        await unit.execute(_SWEEP)


def changed(run: KeptRun, changes: Mapping[Entry, int]) -> KeptRun:
    """Return the run with entries taken out (negative counts) and put in; raise ValueError when one to take is not there."""
    for entry, count in changes.items():
        for _ in range(count):
            run.put(entry)
        for _ in range(-count):
            run.take(entry)
    return run


async def pack(unit: Transaction, kind: str, hours: str) -> None:
    """Make every run of a kind anew from what is kept of each order, one stage at a time."""
    starts, key, join = KINDS[kind]
    for n, stage in enumerate(REPORTED, start=1):
        query = text(_PACK.format(starts=starts, key=key, join=join, value=f"t.{hours}[{n}]"))
        await unit.execute(query, {"kind": kind, "hours": hours, "stage": stage})
