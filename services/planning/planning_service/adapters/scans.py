"""Scans: each id is taken once, with the verdict it got."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from chassis.database import Transaction

_CLAIM = text("""
INSERT INTO scan (device_id, scan_id, fingerprint, recorded_at, occurred_at, actor)
VALUES (:device, :scan, :fingerprint, :now, :occurred_at, :who) ON CONFLICT DO NOTHING RETURNING scan_id
""")
_FIND = text("SELECT fingerprint, verdict FROM scan WHERE device_id = :device AND scan_id = :scan")
_KEEP = text("""
UPDATE scan SET verdict = :verdict, production_order_number = :number WHERE device_id = :device AND scan_id = :scan
""")


class ScanRows:
    """Scans in one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def claim(self, device_id: str, scan_id: str, fingerprint: str, occurred_at: datetime | None) -> bool:
        """Take the scan id; False when it was taken before. A concurrent twin waits here for the first."""
        values = {"device": device_id, "scan": scan_id, "fingerprint": fingerprint, "occurred_at": occurred_at}
        found = await self._unit.execute(_CLAIM, {**values, "now": self._unit.now, "who": self._unit.actor})
        return found.one_or_none() is not None

    async def first_verdict(self, device_id: str, scan_id: str) -> tuple[str, bytes]:
        """Return fingerprint and verdict of the scan that took the id."""
        row = (await self._unit.execute(_FIND, {"device": device_id, "scan": scan_id})).one()
        return row.fingerprint, row.verdict

    async def keep(self, device_id: str, scan_id: str, verdict: bytes, number: str | None) -> None:
        """Keep the verdict for every replay to come."""
        await self._unit.execute(_KEEP, {"device": device_id, "scan": scan_id, "verdict": verdict, "number": number})
