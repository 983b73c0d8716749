"""What may be promised for a line: from stock, to make by a day, or short of something (S4, X29)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from planning_service.domain.arrivals import Arrival, Arrivals
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.exact import from_micro
from planning_service.domain.needs import ComponentNeed, Draft, LineNet
from planning_service.domain.plan import OrderPlan
from planning_service.domain.shortage import Shortage, shortages_of

LEAD_TIME_UNKNOWN = "LEAD_TIME_UNKNOWN"


@dataclass(frozen=True, slots=True)
class LinePromise:
    """The promise of one line; `producible_by` is None when something missing has no known lead time."""

    line_no: int
    item_code: str
    quantity: Decimal
    from_stock: Decimal
    to_make: Decimal
    producible_by: date | None
    shortages: Sequence[Shortage] = ()
    reason: str | None = None


def promise_line(line: LineNet, catalogue: Catalogue, today: date, arrivals: Arrivals | None = None) -> LinePromise:
    """Return the promise of a netted line: the plan of unchanged stock leads to exactly this."""
    arrivals = arrivals or Arrivals()
    ready = _ready_days(line, catalogue, today, arrivals)
    done = ready[line.drafts[0].index] if line.need.from_production and line.drafts else today
    if line.need.short:
        done = arrivals.covers(line.need.item, line.need.short, today)
    return LinePromise(
        line.line_no,
        line.item.code,
        from_micro(line.quantity),
        from_stock=from_micro(line.need.from_stock),
        to_make=from_micro(line.need.from_production),
        producible_by=done,
        shortages=shortages_of(line.needs()),
        reason=None if done else LEAD_TIME_UNKNOWN,
    )


def promise_order(
    plan: OrderPlan, catalogue: Catalogue, today: date, arrivals: Iterable[Arrival] = ()
) -> list[LinePromise]:
    """Return the promises of all plannable lines; unplanned ones stand in the plan with their reason."""
    shared = Arrivals(arrivals)
    return [promise_line(line, catalogue, today, shared) for line in plan.lines]


def short_items(plan: OrderPlan) -> set[str]:
    """Return what a plan is short of: the items whose deliveries matter for its promise."""
    return {need.item.code for need in plan.needs() if need.short > 0}


def _ready_days(line: LineNet, catalogue: Catalogue, today: date, arrivals: Arrivals) -> dict[int, date | None]:
    """Return when each draft can be done; children stand after their parents, so the walk goes backwards."""
    ready: dict[int, date | None] = {}
    by_item = {draft.item.code: draft.index for draft in line.drafts}
    for draft in reversed(line.drafts):
        starts = [
            _component_day(need, ready, by_item, today, arrivals)
            for need in draft.components.values()
            if need.from_stock < need.required
        ]
        start = None if None in starts else max((day for day in starts if day), default=today)
        ready[draft.index] = start and _later(start, making_days(draft, catalogue))
    return ready


def _later(start: date, days: int) -> date | None:
    """Return the day that many days on; None for one no calendar has: a million machines are promised for no day."""
    return start + timedelta(days=days) if days <= (date.max - start).days else None


def _component_day(
    need: ComponentNeed, ready: dict[int, date | None], by_item: dict[str, int], today: date, arrivals: Arrivals
) -> date | None:
    days: list[date | None] = [arrivals.covers(need.item, need.short, today) if need.short > 0 else today]
    if need.from_production:
        days.append(ready[by_item[need.item.code]])
    return None if None in days else max(day for day in days if day)


def making_days(draft: Draft, catalogue: Catalogue) -> int:
    """Return the days a draft takes: the item's lead time when it has one, else the routing's shifts."""
    if draft.item.lead_time_days:
        return draft.item.lead_time_days
    routing = catalogue.routings.get(draft.version.routing_code or "")
    return routing.days_for(draft.quantity) if routing else 0
