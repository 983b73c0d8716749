"""Scans: each id is taken once, with the verdict it got."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.bulk import BulkInsert
from planning_service.adapters.catalogue_cache import Reader
from planning_service.app.record_scan import Entry, Key, Verdict
from planning_service.domain.bounce import EarlierScan
from planning_service.domain.floor_settings import FloorSettings
from planning_service.domain.scan import ScanPolicy, ScanResult

_LOOK_UP = text("""
SELECT s.device_id, s.scan_id, s.fingerprint, s.verdict, f.scan_policy, f.bounce_seconds, f.acknowledge_minutes, f.version
FROM (SELECT 1) one LEFT JOIN floor_setting f ON true
LEFT JOIN (
  SELECT device_id, scan_id, fingerprint, verdict FROM scan
  WHERE (device_id, scan_id) IN (SELECT * FROM unnest(CAST(:devices AS text[]), CAST(:scans AS text[])))
) s ON true
""")
_RECENT = text("""
SELECT device_id, code, action, operation_sequence, occurred_at FROM scan
WHERE production_order_number = ANY(:numbers) AND result = 'applied' AND occurred_at BETWEEN :since AND :until
""")
_KEEP = BulkInsert(
    "scan",
    {
        "device_id": "text", "scan_id": "text", "fingerprint": "text", "verdict": "bytea", "production_order_number": "text",
        "occurred_at": "timestamptz", "recorded_at": "timestamptz", "actor": "text", "action": "text",
        "operation_sequence": "int", "quantity": "numeric", "scrap": "numeric", "result": "text", "reason": "text",
        "serial": "text", "code": "text",
    },
    "ON CONFLICT DO NOTHING RETURNING scan_id",
)  # fmt: skip
_PAGE = text("""
SELECT device_id, scan_id, actor, occurred_at, recorded_at, action, operation_sequence, quantity, scrap, result, reason, serial
FROM scan WHERE production_order_number = :number AND (recorded_at, scan_id) < (:before, :scan)
ORDER BY recorded_at DESC, scan_id DESC LIMIT :size
""")
_LINE_SCANS = text("""
SELECT order_number, line_no, production_order_number, operation, quantity, scrap, actor, device_id, occurred_at, n FROM (
  SELECT p.order_number, p.line_no, p.number AS production_order_number, coalesce(o.name, '') AS operation, s.quantity, s.scrap,
    s.actor, s.device_id, s.occurred_at, count(*) OVER line AS n,
    row_number() OVER (line ORDER BY s.occurred_at DESC, s.device_id, s.scan_id) AS place
  FROM unnest(CAST(:orders AS text[]), CAST(:lines AS int[])) AS w (order_number, line_no)
  JOIN production_order p ON p.order_number = w.order_number AND p.line_no = w.line_no
  JOIN scan s ON s.production_order_number = p.number
  LEFT JOIN operation o ON o.production_order_number = p.number AND o.sequence = s.operation_sequence
  WHERE s.result = 'applied' AND s.action = 'finish'
  WINDOW line AS (PARTITION BY p.order_number, p.line_no)
) found WHERE place <= :most ORDER BY order_number, line_no, place
""")
_PIECES = text("""
SELECT serial, sequence, passes FROM piece_pass WHERE production_order_number = :number ORDER BY serial, sequence LIMIT :most
""")


class TwinScan(ConnectionError):
    """The same scan id was taken at this very moment: this transaction ends, and the next try finds its verdict."""


class ScanRows:
    """Scans in one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def look_up(
        self, entries: Sequence[Entry], usual: FloorSettings
    ) -> tuple[dict[Key, tuple[str, bytes]], FloorSettings]:
        """Return fingerprint and verdict of the scans that took these ids, and the settings as they hold now."""
        values = {"devices": [e.scan.device_id for e in entries], "scans": [e.scan.scan_id for e in entries]}
        rows = list(await self._unit.execute(_LOOK_UP, values))
        known = {
            (row.device_id, row.scan_id): (row.fingerprint, row.verdict) for row in rows if row.scan_id is not None
        }
        first = rows[0]
        if first.version is None:
            return known, usual
        policy = ScanPolicy(first.scan_policy)
        return known, FloorSettings(policy, first.bounce_seconds, first.acknowledge_minutes, first.version)

    async def recent(self, numbers: Sequence[str], since: datetime, until: datetime) -> list[EarlierScan]:
        """Return applied scans of these production orders by device time."""
        values = {"numbers": list(numbers), "since": since, "until": until}
        found = await self._unit.execute(_RECENT, values)
        return [EarlierScan(r.device_id, r.code, r.action, r.operation_sequence, r.occurred_at) for r in found]

    async def keep(self, verdicts: Sequence[Verdict]) -> None:
        """Take the ids and keep the verdicts for every replay to come; a concurrent twin waits here, then loses."""
        if not verdicts:
            return
        # In the order of their ids, so that two transactions never wait for each other.
        rows = [self._values(verdict) for verdict in sorted(verdicts, key=lambda verdict: verdict.entry.key)]
        kept = list(await self._unit.execute(_KEEP.statement, _KEEP.values(rows)))
        if len(kept) < len(rows):
            raise TwinScan(rows[0]["scan_id"])

    def _values(self, verdict: Verdict) -> dict[str, Any]:
        scan, outcome = verdict.entry.scan, verdict.outcome
        counted = outcome.result is ScanResult.APPLIED
        return {
            "device_id": scan.device_id, "scan_id": scan.scan_id, "fingerprint": verdict.entry.fingerprint,
            "verdict": verdict.answer, "production_order_number": verdict.production_order_number,
            "occurred_at": scan.occurred_at, "recorded_at": self._unit.now, "actor": verdict.entry.who,
            "action": scan.action.value, "operation_sequence": verdict.operation_sequence,
            "quantity": outcome.good if counted else _as_said(scan.quantity),
            "scrap": outcome.scrap if counted else _as_said(scan.scrap), "result": outcome.result.value,
            "reason": outcome.reason or "", "serial": scan.serial or "", "code": scan.code,
        }  # fmt: skip


LARGEST = Decimal(10) ** 11


def _as_said(quantity: Decimal | None) -> Decimal | None:
    """Return what a refused scan said, so that nothing is lost; None for what the column can't hold."""
    return quantity if quantity is not None and abs(quantity) < LARGEST else None


async def scan_page(reader: Reader, number: str, before: datetime, scan_id: str, size: int) -> list[Any]:
    """Return the scans of a production order recorded before a point, newest first."""
    values = {"number": number, "before": before, "scan": scan_id, "size": size}
    return list(await reader.execute(_PAGE, values))


async def pieces_of(reader: Reader, number: str, most: int) -> list[Any]:
    """Return how often each piece passed each operation."""
    return list(await reader.execute(_PIECES, {"number": number, "most": most}))


async def line_scans(reader: Reader, lines: Sequence[tuple[str, int]], most: int) -> list[Any]:
    """Return the scans that counted goods behind order lines, the newest `most` of each, beside how many there are."""
    orders, numbers = [order for order, _ in lines], [line_no for _, line_no in lines]
    return list(await reader.execute(_LINE_SCANS, {"orders": orders, "lines": numbers, "most": most}))
