"""An operation on a production order: sums and extremes of its scans, so the order of arrival does not matter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from planning_service.domain.routing import RoutingOperation


class OperationState(StrEnum):
    """Derived from what was reported."""

    WAITING = "waiting"
    STARTED = "started"
    DONE = "done"


class ScanFlag(StrEnum):
    """What is odd about a scan that counts all the same (record and flag)."""

    OUT_OF_ORDER = "out_of_order"
    CLOCK_SKEW = "clock_skew"
    BEFORE_DISPATCH = "before_dispatch"


@dataclass(slots=True)
class Operation:
    """A frozen copy of a routing step with what was reported on it."""

    step: RoutingOperation
    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    started_at: datetime | None = None
    last_report_at: datetime | None = None
    flags: set[ScanFlag] = field(default_factory=set)
    rework: Decimal = Decimal(0)
    """Sent back to this operation by inspections, in all."""

    @property
    def sequence(self) -> int:
        """Return the step's sequence number."""
        return self.step.sequence

    @property
    def reported(self) -> Decimal:
        """Return good and scrap together."""
        return self.good + self.scrap

    def touch(self, at: datetime) -> None:
        """Remember that work went on at this instant."""
        self.started_at = at if self.started_at is None else min(self.started_at, at)

    def report(self, good: Decimal, scrap: Decimal, at: datetime) -> None:
        """Add a (partial) report."""
        self.touch(at)
        self.good += good
        self.scrap += scrap
        self.last_report_at = at if self.last_report_at is None else max(self.last_report_at, at)
