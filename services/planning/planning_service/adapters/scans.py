"""Scans: each id is taken once, with the verdict it got."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text

from chassis.database import Transaction
from planning_service.adapters.catalogue_cache import Reader
from planning_service.app.record_scan import Verdict
from planning_service.domain.scan import ScanOutcome, ScanReport

_FIND = text("SELECT fingerprint, verdict FROM scan WHERE device_id = :device AND scan_id = :scan")
_KEEP = text("""
INSERT INTO scan (device_id, scan_id, fingerprint, verdict, production_order_number, occurred_at, recorded_at, actor, action,
                  operation_sequence, quantity, scrap, result, reason)
VALUES (:device, :scan, :fingerprint, :verdict, :number, :occurred_at, :now, :who, :action, :sequence, :quantity, :scrap,
        :result, :reason)
ON CONFLICT DO NOTHING RETURNING scan_id
""")
_PAGE = text("""
SELECT device_id, scan_id, actor, occurred_at, recorded_at, action, operation_sequence, quantity, scrap, result, reason
FROM scan WHERE production_order_number = :number AND (recorded_at, scan_id) < (:before, :scan)
ORDER BY recorded_at DESC, scan_id DESC LIMIT :size
""")


class TwinScan(ConnectionError):
    """The same scan id was taken at this very moment: this transaction ends, and the next try finds its verdict."""


class ScanRows:
    """Scans in one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def first_verdict(self, scan: ScanReport) -> tuple[str, bytes] | None:
        """Return fingerprint and verdict of the scan that took the id; None when nobody has."""
        found = await self._unit.execute(_FIND, {"device": scan.device_id, "scan": scan.scan_id})
        row = found.one_or_none()
        return None if row is None else (row.fingerprint, row.verdict)

    async def keep(self, scan: ScanReport, fingerprint: str, outcome: ScanOutcome, verdict: Verdict) -> None:
        """Take the id and keep the verdict for every replay to come; a concurrent twin waits here, then loses."""
        values: dict[str, Any] = {"device": scan.device_id, "scan": scan.scan_id, "fingerprint": fingerprint}
        values |= {"verdict": verdict.answer, "number": verdict.production_order_number, "action": scan.action.value}
        values |= {"sequence": verdict.operation_sequence, "quantity": outcome.good, "scrap": outcome.scrap}
        values |= {"occurred_at": scan.occurred_at, "now": self._unit.now, "who": self._unit.actor}
        values |= {"result": outcome.result.value, "reason": outcome.reason or ""}
        if (await self._unit.execute(_KEEP, values)).one_or_none() is None:
            raise TwinScan(scan.scan_id)


async def scan_page(reader: Reader, number: str, before: datetime, scan_id: str, size: int) -> list[Any]:
    """Return the scans of a production order recorded before a point, newest first."""
    values = {"number": number, "before": before, "scan": scan_id, "size": size}
    return list(await reader.execute(_PAGE, values))
