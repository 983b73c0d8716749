"""What an order would take from orders behind it, if it were rushed and they gave way (S43)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import chain

from planning_service.app.facts import OrderFacts
from planning_service.app.ports import Stock
from planning_service.domain.arrivals import Arrival
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.component import Component
from planning_service.domain.exact import ZERO
from planning_service.domain.giving_way import Claim, Displacement, displace, rank_of
from planning_service.domain.plan import OrderPlan, Structures, needed_stock, plan_order
from planning_service.domain.priority import Urgency
from planning_service.domain.promise import promise_order, short_items
from planning_service.domain.shortage import Shortage, open_shortages


@dataclass(frozen=True, slots=True)
class RushPreview:
    """Who would give what for which shortage, what stays short, and the day of the whole order: now, and then."""

    displaced: Sequence[tuple[Shortage, Displacement]]
    left: Sequence[Shortage]
    promised_now: date | None
    promised: date | None


@dataclass(frozen=True, slots=True)
class RushedOrder:
    """The order, what its plan holds (None without a plan), and what planning it goes by."""

    facts: OrderFacts
    kept: Sequence[Component] | None
    catalogue: Catalogue
    structures: Structures
    refused: Collection[str]
    today: date


async def preview_rush(order: RushedOrder, stock: Stock) -> RushPreview:
    """Return what a rush would do; nothing is changed. Stock is asked three times, however much is short."""
    free = await free_with_own(order, stock)
    now = planned_afresh(order, free)
    shortages = now.shortages() if order.kept is None else open_shortages(order.kept)
    wanted = {shortage.item_code: shortage.short for shortage in shortages}
    rank = rank_of(Urgency.RED, order.facts.due_date)
    claims = await stock.claims_behind(wanted, order.facts.number, rank) if wanted else []
    displaced, left = _displaced(shortages, claims)
    given = _summed((one.claim.item_code, one.quantity) for _, one in displaced)
    then = planned_afresh(order, _summed(chain(free.items(), given.items())))
    short = sorted({*short_items(now), *short_items(then)})
    arrivals = await stock.arrivals(short) if short else []
    return RushPreview(displaced, left, _promised(now, order, arrivals), _promised(then, order, arrivals))


def _displaced(
    shortages: Sequence[Shortage], claims: Sequence[Claim]
) -> tuple[list[tuple[Shortage, Displacement]], list[Shortage]]:
    """Return who would give what for which shortage, and what nobody gives."""
    held: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        held[claim.item_code].append(claim)
    displaced: list[tuple[Shortage, Displacement]] = []
    left: list[Shortage] = []
    for shortage in shortages:
        found, missing = displace(shortage.short, held[shortage.item_code])
        displaced += [(shortage, one) for one in found]
        left += [replace(shortage, short=missing)] if missing else []
    return displaced, left


async def free_with_own(order: RushedOrder, stock: Stock) -> dict[str, Decimal]:
    """Return what the order could have had it no plan: what is free, and what it holds and has used."""
    needed = needed_stock(order.facts.lines, order.catalogue, order.structures)
    free = await stock.available(needed, order.facts.number)
    held = [(component.item_code, component.reserved) for component in order.kept or ()]
    return _summed(chain(free.items(), held))


def planned_afresh(order: RushedOrder, free: Mapping[str, Decimal]) -> OrderPlan:
    """Return the plan of all open lines, as if there were none yet."""
    return plan_order(order.facts.lines, order.catalogue, free, order.structures, refused=order.refused)


def _promised(plan: OrderPlan, order: RushedOrder, arrivals: Sequence[Arrival]) -> date | None:
    """Return the day the last line can be done; None when a line can't be planned, or has no known day."""
    days = [promise.producible_by for promise in promise_order(plan, order.catalogue, order.today, arrivals)]
    return None if plan.unplanned or None in days else max((day for day in days if day), default=None)


def _summed(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Return the amounts by item."""
    total: dict[str, Decimal] = {}
    for code, quantity in amounts:
        total[code] = total.get(code, ZERO) + quantity
    return total
