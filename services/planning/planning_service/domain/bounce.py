"""A trigger pulled twice: another scan id, everything else alike, within a moment (X36)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from planning_service.domain.scan import ScanReport


@dataclass(frozen=True, slots=True)
class EarlierScan:
    """What is known of an applied scan when a bounce of it may arrive."""

    device_id: str
    code: str
    action: str
    operation_sequence: int | None
    occurred_at: datetime

    def bounces(self, scan: ScanReport, within: timedelta) -> bool:
        """Say whether `scan` is the same trigger pulled twice: another id, but device, code, action and moment alike."""
        alike = (self.device_id, self.code, self.action) == (scan.device_id, scan.code, scan.action.value)
        elsewhere = scan.operation_sequence and scan.operation_sequence != self.operation_sequence
        return alike and not elsewhere and abs(scan.occurred_at - self.occurred_at) <= within
