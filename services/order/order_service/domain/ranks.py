"""Exact mean and ranks of many durations that are kept as sorted runs, without laying the runs together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import chain, repeat

FEW = 256  # so many values are sorted faster than searched
_HOUR = Decimal(3600)
_PLACES = Decimal("0.0001")
Run = Sequence[int]  # seconds, ascending, never empty


@dataclass(frozen=True, slots=True)
class Summary:
    """Count and hours; None when nothing was measured."""

    n: int = 0
    mean: Decimal | None = None
    median: Decimal | None = None
    p90: Decimal | None = None


def summary(runs: Sequence[Run], total: int) -> Summary:
    """Return count, mean, median and 90th percentile (linear between neighbours) of seconds whose sum is `total`."""
    n = sum(map(len, runs))
    if n == 0:
        return Summary()
    positions = [divmod((n - 1) * tenths, 10) for tenths in (5, 9)]
    pairs = neighbours(runs, [rank for rank, _ in positions])
    middle, high = (
        Decimal(low) + Decimal((up - low) * part) / 10 for (low, up), (_, part) in zip(pairs, positions, strict=True)
    )
    return Summary(n, *(_hours(seconds) for seconds in (Decimal(total) / n, middle, high)))


def _hours(seconds: Decimal) -> Decimal:
    return (seconds / _HOUR).quantize(_PLACES, ROUND_HALF_EVEN)


def neighbours(runs: Sequence[Run], ranks: Sequence[int]) -> list[tuple[int, int]]:
    """Return the value at each zero-based rank and the one after it (the last one twice)."""
    n = sum(map(len, runs))
    if len(runs) == 1 or n <= FEW:
        laid = runs[0] if len(runs) == 1 else sorted(chain.from_iterable(runs))
        return [(laid[rank], laid[min(rank + 1, n - 1)]) for rank in ranks]
    return [_searched(runs, rank, n) for rank in ranks]


def _searched(runs: Sequence[Run], rank: int, n: int, few: int = FEW) -> tuple[int, int]:
    """Narrow to what lies between the values at the same share of each run, by halves until few are left to sort."""
    shares = [run[rank * len(run) // n] for run in runs]
    low, high = min(shares), max(shares)  # the one wanted is never outside
    begins, ends = list(map(bisect_left, runs, repeat(low))), list(map(bisect_right, runs, repeat(high)))
    while low < high and sum(ends) - sum(begins) > few:
        middle = (low + high) // 2
        places = list(map(bisect_right, runs, repeat(middle)))
        if sum(places) > rank:
            high, ends = middle, places
        else:
            low, begins = middle + 1, places
    return _within(runs, begins, ends, rank)


def _within(runs: Sequence[Run], begins: Sequence[int], ends: Sequence[int], rank: int) -> tuple[int, int]:
    """Return the value at a rank and the one after it; the first lies between the places of each run."""
    laid = sorted(chain.from_iterable(run[begin:end] for run, begin, end in zip(runs, begins, ends, strict=True)))
    at = rank - sum(begins)
    if at + 1 < len(laid):
        return laid[at], laid[at + 1]
    later = [run[end] for run, end in zip(runs, ends, strict=True) if end < len(run)]
    return laid[at], min(later, default=laid[at])
