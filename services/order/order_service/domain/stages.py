"""Where the time of an order went: ten stage events and the dwell between them (S76-S83)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from order_service.domain.quantity import plain

STAGES = (
    "inquiry", "first_quote", "confirmed", "released", "first_operation_started", "last_operation_finished",
    "inspection_passed", "received", "shipped", "signed",
)  # fmt: skip
# In the order of a walk; `dispatched` stands between release and the first operation (S79).
MOMENTS = (*STAGES[:4], "dispatched", *STAGES[4:])
EARLIEST_COUNTS = frozenset({"inquiry", "first_quote", "confirmed", "dispatched", "first_operation_started"})
HEADLINE = ("quote_to_confirm", "confirm_to_release", "dispatch_to_start", "receipt_to_ship")
DWELLS: Mapping[str, tuple[str, str]] = {
    "quote_to_confirm": ("first_quote", "confirmed"),
    "confirm_to_release": ("confirmed", "released"),
    "release_to_dispatch": ("released", "dispatched"),
    "dispatch_to_start": ("dispatched", "first_operation_started"),
    "production": ("first_operation_started", "last_operation_finished"),
    "inspection": ("last_operation_finished", "inspection_passed"),
    "inspection_to_receipt": ("inspection_passed", "received"),
    "receipt_to_ship": ("received", "shipped"),
    "carrier": ("shipped", "signed"),
}
WAITING = "waiting_for_material"
ENDED = frozenset({"signed", "closed", "cancelled", "closed_short"})
_HOUR = Decimal(3600)
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Dwell:
    """Time between two moments; None when either was never recorded and it is not running."""

    stage: str
    from_stage: str
    to_stage: str
    span: tuple[datetime, datetime] | None
    running: bool = False

    @property
    def hours(self) -> Decimal | None:
        """Calendar hours."""
        return None if self.span is None else hours_of(self.span[1] - self.span[0])


def hours_of(span: timedelta) -> Decimal:
    """Return a span in hours, to four places."""
    seconds = Decimal(span.days * 86400 + span.seconds) + Decimal(span.microseconds) / 1_000_000
    return (seconds / _HOUR).quantize(_PLACES, ROUND_HALF_EVEN)


def hours_text(hours: Decimal | None) -> str:
    """Return hours as a text; empty when unknown."""
    return "" if hours is None else plain(hours)


def dwells(moments: Mapping[str, datetime], state: str, now: datetime) -> list[Dwell]:
    """Return each interval; one runs when its beginning is the last moment recorded of a live order."""
    known = [moment for moment in MOMENTS if moment in moments]
    last = known[-1] if known and state not in ENDED else None
    return [_dwell(stage, begin, end, moments, last, now) for stage, (begin, end) in DWELLS.items()]


def _dwell(stage: str, begin: str, end: str, moments: Mapping[str, datetime], last: str | None, now: datetime) -> Dwell:
    if begin in moments and end in moments and moments[end] >= moments[begin]:
        return Dwell(stage, begin, end, (moments[begin], moments[end]))
    if begin == last:
        return Dwell(stage, begin, end, (moments[begin], max(now, moments[begin])), running=True)
    return Dwell(stage, begin, end, None)


def waiting(raised: datetime | None, cleared: datetime | None, *, open_now: bool, now: datetime) -> Dwell:
    """Return the time from the first shortage to the clearing of the last (S6)."""
    until = now if open_now else cleared
    span = (raised, max(raised, until)) if raised and until else None
    return Dwell(WAITING, "short", "covered", span, running=open_now)


def longest(found: list[Dwell]) -> str:
    """Return the stage that took longest; empty while nothing can be compared. Waiting overlaps others: left out."""
    timed = [(dwell.hours, dwell.stage) for dwell in found if dwell.hours is not None and dwell.stage != WAITING]
    return max(timed)[1] if timed else ""
