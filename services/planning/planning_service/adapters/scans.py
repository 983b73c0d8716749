"""Scans: each id is taken once, with the verdict it got."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from chassis.database import Transaction
from planning_service.domain.scan import ScanReport

_FIND = text("SELECT fingerprint, verdict FROM scan WHERE device_id = :device AND scan_id = :scan")
_KEEP = text("""
INSERT INTO scan (device_id, scan_id, fingerprint, verdict, production_order_number, occurred_at, recorded_at, actor)
VALUES (:device, :scan, :fingerprint, :verdict, :number, :occurred_at, :now, :who)
ON CONFLICT DO NOTHING RETURNING scan_id
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

    async def keep(self, scan: ScanReport, fingerprint: str, verdict: bytes, number: str | None) -> None:
        """Take the id and keep the verdict for every replay to come; a concurrent twin waits here, then loses."""
        values: dict[str, Any] = {"device": scan.device_id, "scan": scan.scan_id}
        values |= {"fingerprint": fingerprint, "verdict": verdict}
        values |= {"number": number, "occurred_at": scan.occurred_at, "now": self._unit.now, "who": self._unit.actor}
        if (await self._unit.execute(_KEEP, values)).one_or_none() is None:
            raise TwinScan(scan.scan_id)
