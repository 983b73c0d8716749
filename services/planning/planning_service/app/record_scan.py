"""Record one scan: taken once, applied under the production order's lock, its verdict kept for every replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from planning_service.app.ports import ProductionOrders, Tell
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.scan import ScanOutcome, ScanPolicy, ScanReport, ScanResult, apply_scan, refused
from planning_service.domain.scan_code import read_code, why_unknown

Render = Callable[[ScanOutcome, ProductionOrder | None], bytes]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict as it is kept, and what it is about."""

    answer: bytes
    production_order_number: str | None
    operation_sequence: int | None


class KeptScans(Protocol):
    """Where scan ids and verdicts are kept."""

    async def first_verdict(self, scan: ScanReport) -> tuple[str, bytes] | None:
        """Return fingerprint and verdict of the scan that took the id."""
        ...

    async def keep(self, scan: ScanReport, fingerprint: str, outcome: ScanOutcome, verdict: Verdict) -> None:
        """Take the id and keep the verdict; raises what makes the transaction try again when a twin was faster."""
        ...


async def record_scan(
    scan: ScanReport,
    fingerprint: str,
    scans: KeptScans,
    production_orders: ProductionOrders,
    tell: Tell,
    *,
    render: Render,
    now: datetime,
    policy: ScanPolicy,
) -> tuple[ScanResult, bytes]:
    """Return the verdict; for a repeated scan id the first one, marked as a duplicate, or as a conflict when it differs."""
    known = await scans.first_verdict(scan)
    if known is not None:
        return (ScanResult.DUPLICATE if known[0] == fingerprint else ScanResult.CONFLICT), known[1]
    order = await production_orders.locked(read_code(scan.code).key)
    outcome = apply_scan(order, scan, now, policy) if order else refused(why_unknown(scan.code), code=scan.code)
    if order is not None and outcome.result is ScanResult.APPLIED:
        await production_orders.save(order, order.operations[outcome.index or 0])
        tell.scanned(order, scan, outcome)
    verdict = render(outcome, order)
    kept = Verdict(verdict, order.number if order else None, _sequence(outcome, order))
    await scans.keep(scan, fingerprint, outcome, kept)
    return outcome.result, verdict


def _sequence(outcome: ScanOutcome, order: ProductionOrder | None) -> int | None:
    if order is None or outcome.index is None:
        return None
    return order.operations[outcome.index].sequence
