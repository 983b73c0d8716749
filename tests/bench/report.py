"""Rows of a benchmark: printed as a table, kept as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure beside its limit; `limit` and `ratio` are empty where nothing comparable exists."""

    bench: str
    figure: str
    limit: str = ""
    ratio: str = ""
    goal: str = ""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the sorted values lie; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def spread(values: Sequence[float]) -> str:
    """Return p50, p95 and p99 of seconds, in milliseconds."""
    if not values:
        return "no values"
    p50, p95, p99 = (1000 * one for one in (statistics.median(values), *(percentile(values, x) for x in (0.95, 0.99))))
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, n {len(values)}"


def show(rows: Sequence[Row], home: Path) -> None:
    """Print the table and write it to `home`."""
    columns = ("bench", "figure", "limit", "ratio", "goal")
    widths = [max(len(name), *(len(str(getattr(row, name))) for row in rows)) for name in columns]
    for line in ([*columns], *([str(getattr(row, name)) for name in columns] for row in rows)):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    home.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    (home / f"{stamp}.json").write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
