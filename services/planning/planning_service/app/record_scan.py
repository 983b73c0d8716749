"""Record one scan: taken once, applied under the production order's lock, its verdict kept for every replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from planning_service.app.ports import ProductionOrders, Tell
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.scan import ScanOutcome, ScanReport, ScanResult, apply_scan, refused

Render = Callable[[ScanOutcome, ProductionOrder | None], bytes]


class KeptScans(Protocol):
    """Where scan ids and verdicts are kept."""

    async def claim(self, device_id: str, scan_id: str, fingerprint: str, occurred_at: datetime | None) -> bool:
        """Take the scan id; False when it was taken before."""
        ...

    async def first_verdict(self, device_id: str, scan_id: str) -> tuple[str, bytes]:
        """Return fingerprint and verdict of the first."""
        ...

    async def keep(self, device_id: str, scan_id: str, verdict: bytes, number: str | None) -> None:
        """Keep the verdict."""
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
) -> tuple[ScanResult, bytes]:
    """Return the verdict; for a repeated scan id the first one, marked as a duplicate, or as a conflict when it differs."""
    if not await scans.claim(scan.device_id, scan.scan_id, fingerprint, scan.occurred_at):
        first, verdict = await scans.first_verdict(scan.device_id, scan.scan_id)
        return (ScanResult.DUPLICATE if first == fingerprint else ScanResult.CONFLICT), verdict
    order = await production_orders.locked(scan.code)
    outcome = apply_scan(order, scan, now) if order else refused("CODE_UNKNOWN", code=scan.code)
    if order is not None and outcome.result is ScanResult.APPLIED:
        await production_orders.save(order, order.operations[outcome.index or 0])
        tell.scanned(order, scan, outcome)
    verdict = render(outcome, order)
    await scans.keep(scan.device_id, scan.scan_id, verdict, order.number if order else None)
    return outcome.result, verdict
