"""What an order would take from orders behind it, if it were rushed and they gave way (S43)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import chain

from planning_service.app.facts import OrderFacts
from planning_service.app.ports import Stock
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.component import Component
from planning_service.domain.exact import ZERO
from planning_service.domain.giving_way import Displacement, behind, displace, rank_of
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
    """Return what a rush would do; nothing is changed."""
    own = _held(order.kept or ())
    now = await _fresh(order, stock, own)
    shortages = now.shortages() if order.kept is None else open_shortages(order.kept)
    rank = rank_of(Urgency.RED, order.facts.due_date)
    displaced: list[tuple[Shortage, Displacement]] = []
    left: list[Shortage] = []
    given: dict[str, Decimal] = {}
    for shortage in shortages:
        claims = behind(await stock.claims(shortage.item_code), order.facts.number, rank)
        found, missing = displace(shortage.short, claims)
        given[shortage.item_code] = sum((one.quantity for one in found), ZERO)
        displaced += [(shortage, one) for one in found]
        left += [replace(shortage, short=missing)] if missing else []
    then = await _fresh(order, stock, own, given)
    return RushPreview(displaced, left, await _promised(now, order, stock), await _promised(then, order, stock))


async def _fresh(order: RushedOrder, stock: Stock, *more: Mapping[str, Decimal]) -> OrderPlan:
    """Plan the order as if it had no plan yet, with what it holds and others would give on top of what is free."""
    lines = order.facts.lines
    free = dict(await stock.available(needed_stock(lines, order.catalogue, order.structures), order.facts.number))
    for code, quantity in chain.from_iterable(each.items() for each in more):
        free[code] = free.get(code, ZERO) + quantity
    return plan_order(lines, order.catalogue, free, order.structures, refused=order.refused)


async def _promised(plan: OrderPlan, order: RushedOrder, stock: Stock) -> date | None:
    """Return the day the last line can be done; None when a line can't be planned, or has no known day."""
    short = short_items(plan)
    arrivals = await stock.arrivals(short) if short else []
    days = [promise.producible_by for promise in promise_order(plan, order.catalogue, order.today, arrivals)]
    return None if plan.unplanned or None in days else max((day for day in days if day), default=None)


def _held(components: Sequence[Component]) -> dict[str, Decimal]:
    """Return what an order's plan holds and has used by item: nobody has to give way for it any more."""
    held: dict[str, Decimal] = {}
    for component in components:
        held[component.item_code] = held.get(component.item_code, ZERO) + component.reserved
    return held
