"""Where the time of an order went: ten stage events and the dwell between them (S76-S83)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
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
TURNOVER = "receipt_to_ship"
REPORTED = (*HEADLINE, *(stage for stage in DWELLS if stage not in HEADLINE), WAITING)  # stored in this order
ENDED = frozenset({"signed", "closed", "cancelled", "closed_short"})
_HOUR = Decimal(3600)
_PLACES = Decimal("0.0001")
_TICK = timedelta(microseconds=1)


Measure = Callable[[datetime, datetime], timedelta]


def elapsed(begin: datetime, end: datetime) -> timedelta:
    """Return the time of the calendar between two instants."""
    return end - begin


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another; the weight is the quantity it holds for."""

    begin: datetime
    end: datetime
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Dwell:
    """Time between two moments; without spans when either was never recorded and it is not running."""

    stage: str
    from_stage: str
    to_stage: str
    spans: tuple[Span, ...] = ()
    running: bool = False

    def time(self, measure: Measure = elapsed) -> timedelta | None:
        """Return the mean of the spans, weighted by quantity."""
        if not self.spans:
            return None
        micro = sum((Decimal(measure(x.begin, x.end) // _TICK) * x.weight for x in self.spans), Decimal(0))
        return int(micro / sum(x.weight for x in self.spans)) * _TICK

    @property
    def hours(self) -> Decimal | None:
        """Calendar hours."""
        return self.hours_by(elapsed)

    def hours_by(self, measure: Measure) -> Decimal | None:
        """Hours of the calendar, or working hours."""
        time = self.time(measure)
        return None if time is None else hours_of(time)


def hours_of(span: timedelta) -> Decimal:
    """Return a span in hours, to four places."""
    seconds = Decimal(span.days * 86400 + span.seconds) + Decimal(span.microseconds) / 1_000_000
    return (seconds / _HOUR).quantize(_PLACES, ROUND_HALF_EVEN)


def seconds_of(found: Iterable[Dwell], measure: Measure) -> list[int | None]:
    """Return whole seconds per stage of REPORTED; None for what was not recorded or still runs."""
    times = {dwell.stage: dwell.time(measure) for dwell in found if not dwell.running}
    whole = {stage: time // timedelta(seconds=1) for stage, time in times.items() if time is not None}
    return [whole.get(stage) for stage in REPORTED]


def hours_text(hours: Decimal | None) -> str:
    """Return hours as a text; empty when unknown."""
    return "" if hours is None else plain(hours)


def dwells(moments: Mapping[str, datetime], state: str, now: datetime, turnover: tuple[Span, ...] = ()) -> list[Dwell]:
    """Return each interval; one runs when its beginning is the last moment recorded of a live order.

    `turnover` is how long the goods lay, by quantity (S80); without it the last receipt and shipment count.
    """
    known = [moment for moment in MOMENTS if moment in moments]
    last = known[-1] if known and state not in ENDED else None
    found = [_dwell(stage, begin, end, moments, last, now) for stage, (begin, end) in DWELLS.items()]
    return [replace(x, spans=turnover, running=False) if turnover and x.stage == TURNOVER else x for x in found]


def _dwell(stage: str, begin: str, end: str, moments: Mapping[str, datetime], last: str | None, now: datetime) -> Dwell:
    if begin in moments and end in moments and moments[end] >= moments[begin]:
        return Dwell(stage, begin, end, (Span(moments[begin], moments[end]),))
    if begin == last:
        return Dwell(stage, begin, end, (Span(moments[begin], max(now, moments[begin])),), running=True)
    return Dwell(stage, begin, end)


def waiting(raised: datetime | None, cleared: datetime | None, *, open_now: bool, now: datetime) -> Dwell:
    """Return the time from the first shortage to the clearing of the last (S6)."""
    until = now if open_now else cleared
    spans = (Span(raised, max(raised, until)),) if raised and until else ()
    return Dwell(WAITING, "short", "covered", spans, running=open_now)


def longest(found: list[Dwell]) -> str:
    """Return the stage that took longest; empty while nothing can be compared. Waiting overlaps others: left out."""
    timed = [(dwell.hours, dwell.stage) for dwell in found if dwell.hours is not None and dwell.stage != WAITING]
    return max(timed)[1] if timed else ""
