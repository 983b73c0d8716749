"""Lead times of a period, exact: n, mean, median and 90th percentile per stage and group, computed in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import RowMapping, text

from chassis.database import Database
from order_service.domain.stages import DWELLS, HEADLINE

STAGES = (*HEADLINE, *(stage for stage in DWELLS if stage not in HEADLINE))
# An order counts in the period, week or month in which it was entered; an order of several items counts for each.
_GROUPS: Mapping[str, tuple[str, str]] = {
    "week": ("to_char(o.created_at AT TIME ZONE :zone, 'IYYY-\"W\"IW')", ""),
    "month": ("to_char(o.created_at AT TIME ZONE :zone, 'YYYY-MM')", ""),
    "customer": ("c.name", "JOIN customer c ON c.id = o.customer_id"),
    "item": ("i.item_code", "JOIN (SELECT DISTINCT order_id, item_code FROM order_line) i ON i.order_id = o.id"),
    "sales_owner": ("o.sales_owner", ""),
}
GROUP_WORDS = tuple(_GROUPS)
_PLACES = Decimal("0.0001")


def _stage_columns() -> str:
    parts = []
    for stage, (begin, end) in DWELLS.items():
        span = f"date_part('epoch', m.{end} - m.{begin}) / 3600.0"  # float8: microseconds of a century stay exact
        parts.append(f"CASE WHEN m.{end} >= m.{begin} THEN {span} END AS {stage}")
    return ", ".join(parts)


def _statistics() -> str:
    parts = []
    for stage in STAGES:
        parts += [
            f"count({stage}) AS {stage}_n",
            f"avg({stage}) AS {stage}_mean",
            f"percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {stage}) AS {stage}_ranks",  # one sort for both
        ]
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Cell:
    """One stage of one group; hours are None when nothing was measured."""

    stage: str
    n: int
    mean: Decimal | None
    median: Decimal | None
    p90: Decimal | None


class LeadTimeViews:
    """Answers about where time went."""

    def __init__(self, database: Database, zone: str) -> None:
        self._database = database
        self._zone = zone

    async def groups(self, begin: datetime, end: datetime, group_by: str) -> list[tuple[str, list[Cell]]]:
        """Return the cells of each group, by key; cancelled orders are left out."""
        key, join = _GROUPS[group_by]
        query = text(f"""
            SELECT key, {_statistics()} FROM (
              SELECT {key} AS key, {_stage_columns()}
              FROM customer_order o JOIN order_milestones m ON m.order_id = o.id {join}
              WHERE o.created_at >= :begin AND o.created_at < :end AND o.state <> 'cancelled'
            ) d GROUP BY key ORDER BY key
        """)  # noqa: S608  constants
        params = {"begin": begin, "end": end, **({"zone": self._zone} if ":zone" in key else {})}
        async with self._database.read() as connection:
            rows = (await connection.execute(query, params)).all()
        return [(row.key, [_cell(row._mapping, stage) for stage in STAGES]) for row in rows]


def _cell(row: RowMapping, stage: str) -> Cell:
    median, p90 = row[f"{stage}_ranks"] or (None, None)
    return Cell(stage, row[f"{stage}_n"], *(_hours(value) for value in (row[f"{stage}_mean"], median, p90)))


def _hours(value: float | None) -> Decimal | None:
    """Return hours to four places."""
    return None if value is None else Decimal(repr(value)).quantize(_PLACES, ROUND_HALF_EVEN)
