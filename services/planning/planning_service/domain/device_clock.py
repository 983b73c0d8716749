"""What the clock of a device is worth: a scan counts with the instant it names, odd ones are flagged (S48)."""

from __future__ import annotations

from datetime import datetime, timedelta

from planning_service.domain.operation import ScanFlag
from planning_service.domain.production_order import ProductionOrder

CLOCK_SKEW_MINUTES = 5
_ODD = timedelta(minutes=CLOCK_SKEW_MINUTES)


def clamped(order: ProductionOrder, occurred_at: datetime, now: datetime) -> datetime:
    """Return the instant that dwell times use: never before the dispatch (or creation), never in the future."""
    return min(max(occurred_at, order.dispatched_at or order.created_at), now)


def clock_flags(order: ProductionOrder, occurred_at: datetime, now: datetime) -> set[ScanFlag]:
    """Return what is odd about the instant of a scan."""
    found = {ScanFlag.CLOCK_SKEW} if occurred_at > now + _ODD else set[ScanFlag]()
    if order.dispatched_at is None or occurred_at < order.dispatched_at:
        found.add(ScanFlag.BEFORE_DISPATCH)
    return found


def clock_doubts(order: ProductionOrder, occurred_at: datetime, now: datetime) -> dict[str, str]:
    """Return by how many minutes the device's clock is ahead, or the scan lies before the dispatch, when that is odd.

    A late scan alone is not: it may come from a queue.
    """
    early = (order.dispatched_at or occurred_at) - occurred_at
    doubts = {"clock_ahead_minutes": occurred_at - now, "before_dispatch_minutes": early}
    return {name: str(int(by.total_seconds() // 60)) for name, by in doubts.items() if by > _ODD}
