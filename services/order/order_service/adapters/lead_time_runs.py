"""Sorted runs of seconds per group, week or month and stage: changed value by value, or packed anew."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
_LOAD = text(f"SELECT {_NAMES}, seconds FROM lead_time_run WHERE ({_NAMES}) IN (SELECT * FROM {_KEYS})")  # noqa: S608
_STORE = text(f"""
INSERT INTO lead_time_run ({_NAMES}, seconds, total)
SELECT * FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _FIELDS.items())},
  CAST(:seconds AS bytea[]), CAST(:total AS bigint[])) AS t ({_NAMES}, seconds, total)
ON CONFLICT ({_NAMES}) DO UPDATE
SET seconds = EXCLUDED.seconds, total = EXCLUDED.total
""")  # noqa: S608  constants
_SWEEP = text("DELETE FROM lead_time_run WHERE seconds = ''")
_PACK = """
INSERT INTO lead_time_run (kind, hours, stage, starts, key, seconds, total)
SELECT :kind, :hours, :stage, starts, key, string_agg(int4send(value), CAST('' AS bytea) ORDER BY value), sum(value)
FROM (SELECT CAST({starts} AS date) AS starts, {key} AS key, {value} AS value FROM order_stage_time t {join}) v
WHERE value IS NOT NULL GROUP BY starts, key
"""
KINDS: Mapping[str, tuple[str, str, str]] = {  # first day, key, and what is joined for it
    "week": ("date_trunc('week', t.day)", "''", ""),
    "month": ("date_trunc('month', t.day)", "''", ""),
    "customer": ("date_trunc('month', t.day)", "CAST(t.customer_id AS text)", ""),
    "sales_owner": ("date_trunc('month', t.day)", "t.sales_owner", ""),
    "channel": ("date_trunc('month', t.day)", "t.channel", ""),
    "item": ("date_trunc('month', t.day)", "i.code", "CROSS JOIN LATERAL unnest(t.items) AS i (code)"),
}


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

    def runs(self) -> Iterable[tuple[tuple[Any, ...], int]]:
        """Yield each run this order stands in, with its value."""
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
                    yield from (((kind, hours, starts, key, stage), value) for kind, starts, key in groups)


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
    """Take the values of `before` out of their runs and put those of `after` in."""
    changes: dict[tuple[Any, ...], Counter[int]] = {}
    for sign, rows in ((-1, before), (1, after)):
        for row in rows:
            for run, value in row.runs():
                changes.setdefault(run, Counter())[value] += sign
    wanted = [run for run, values in changes.items() if any(values.values())]
    if wanted:
        await _rewrite(unit, wanted, changes)


async def _rewrite(
    unit: Transaction, wanted: Sequence[tuple[Any, ...]], changes: Mapping[tuple[Any, ...], Counter[int]]
) -> None:
    keys = dict(zip(_FIELDS, map(list, zip(*wanted, strict=True)), strict=True))
    stored = {tuple(row)[:5]: unpacked(row.seconds) for row in await unit.execute(_LOAD, keys)}
    runs = [changed(stored.get(run, array("i")), changes[run]) for run in wanted]
    await unit.execute(_STORE, {**keys, "seconds": [packed(run) for run in runs], "total": [sum(run) for run in runs]})
    if not all(runs):
        await unit.execute(_SWEEP)


def changed(run: Iterable[int], changes: Mapping[int, int]) -> list[int]:
    """Return a run with values taken out (negative counts) and put in; raise ValueError when one to take is not there."""
    values = list(run)
    for value, count in changes.items():
        for _ in range(count):
            insort(values, value)
        for _ in range(-count):
            at = bisect_left(values, value)
            if at == len(values) or values[at] != value:
                raise ValueError(f"{value} s is in no run: rebuild the lead times")
            del values[at]
    return values


async def pack(unit: Transaction, kind: str, hours: str) -> None:
    """Make every run of a kind anew from what is kept of each order, one stage at a time."""
    starts, key, join = KINDS[kind]
    for n, stage in enumerate(REPORTED, start=1):
        query = text(_PACK.format(starts=starts, key=key, join=join, value=f"t.{hours}[{n}]"))
        await unit.execute(query, {"kind": kind, "hours": hours, "stage": stage})
