"""Plan many orders against the same stock: what one takes, the next does not find (S41)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from planning_service.app.facts import Offer, OrderFacts
from planning_service.app.plan_order import refuse_unless_plannable, unplanned
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.exact import ZERO, from_micro
from planning_service.domain.plan import DemandLine, OrderPlan, Structures, needed_stock, plan_order


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order of a job, and its lines that have no plan yet."""

    facts: OrderFacts
    lines: Sequence[DemandLine]


def waiting(facts: OrderFacts, planned: Mapping[str, Collection[int]]) -> Waiting:
    """Return what is left to plan of an order; raises OrderNotPlannable where that matters."""
    lines = unplanned(facts, planned.get(facts.number, ()))
    if lines or facts.number not in planned:
        refuse_unless_plannable(facts)
    return Waiting(facts, lines)


def stock_of(orders: Sequence[Waiting], catalogue: Catalogue, structures: Structures) -> set[str]:
    """Return every item these orders may ask for."""
    return {code for one in orders for code in needed_stock(one.lines, catalogue, structures)}


class SharedStock:
    """What is left while orders are planned one after the other. An order's own soft hold counts for it alone."""

    def __init__(self, offer: Offer) -> None:
        self._free = dict(offer.free)
        self._own = offer.own

    def for_order(self, number: str) -> Mapping[str, Decimal]:
        """Return what this order may take of each item."""
        own = self._own.get(number, {})
        return self._free | {code: self._free.get(code, ZERO) + more for code, more in own.items()}

    def take(self, number: str, plan: OrderPlan) -> None:
        """Take off what a plan takes from stock, its own soft hold first."""
        own = self._own.get(number, {})
        taken: dict[str, int] = {}
        for need in plan.needs():
            if need.from_stock:
                taken[need.item.code] = taken.get(need.item.code, 0) + need.from_stock
        for code, micro in taken.items():
            beyond = from_micro(micro) - own.get(code, ZERO)
            if beyond > 0:
                self._free[code] -= beyond


def work_out_many(
    orders: Sequence[Waiting],
    stock: SharedStock,
    *,
    catalogue: Catalogue,
    structures: Structures,
    refusals: Mapping[str, Collection[str]],
) -> list[OrderPlan]:
    """Work the plans out in the order given."""
    plans = []
    for one in orders:
        free = stock.for_order(one.facts.number)
        refused = refusals.get(one.facts.customer_id, ())
        plan = plan_order(one.lines, catalogue, free, structures, refused=refused)
        stock.take(one.facts.number, plan)
        plans.append(plan)
    return plans
