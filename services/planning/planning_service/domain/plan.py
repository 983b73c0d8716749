"""Planning one order: explode and net its lines, give a pick list, shortages and the lines that can't be planned.

The same pass serves preview, plan, pick list and promise: there is one answer (S4, field lesson e#41579).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

from planning_service.domain.alternates import cover_with_alternates
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.errors import InactiveItem, PlanningRefusal, QuantityNotWhole
from planning_service.domain.exact import MICRO, from_micro, to_micro
from planning_service.domain.item import Item, Supply
from planning_service.domain.needs import ComponentNeed, Draft, LineNet
from planning_service.domain.netting import net_line
from planning_service.domain.shortage import Shortage, shortages_of
from planning_service.domain.stock_pool import StockPool
from planning_service.domain.structure import Structure, compile_structure


@dataclass(frozen=True, slots=True)
class DemandLine:
    """One order line still to be planned."""

    line_no: int
    item_code: str
    quantity: Decimal
    due_date: date
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class PickLine:
    """What the whole order takes of one item from stock, rounded once; quantities in the item's stock unit."""

    item: Item
    required: Decimal
    available: Decimal
    reserved: Decimal
    short: Decimal


@dataclass(frozen=True, slots=True)
class UnplannedLine:
    """A line that can't be planned, and why; the other lines go on (X27)."""

    line_no: int
    refusal: PlanningRefusal


@dataclass(slots=True)
class OrderPlan:
    """Everything planning one order leads to."""

    lines: list[LineNet] = field(default_factory=list)
    unplanned: list[UnplannedLine] = field(default_factory=list)
    available: Mapping[str, Decimal] = field(default_factory=dict)

    def drafts(self) -> list[Draft]:
        """Return the production orders to be, in the order of their indexes."""
        return [draft for line in self.lines for draft in line.drafts]

    def needs(self) -> Iterator[ComponentNeed]:
        """Yield every need of every line."""
        for line in self.lines:
            yield from line.needs()

    def pick_list(self) -> list[PickLine]:
        """Return one line per item that must come out of stock, by item code."""
        totals: dict[str, tuple[Item, int, int]] = {}
        for need in self.needs():
            if need.to_pick:
                _, required, reserved = totals.get(need.item.code, (need.item, 0, 0))
                totals[need.item.code] = (need.item, required + need.to_pick, reserved + need.from_stock)
        return [self._pick_line(*totals[code]) for code in sorted(totals)]

    def shortages(self) -> list[Shortage]:
        """Return what stock does not cover, one entry per item, by code."""
        return shortages_of(self.needs())

    def _pick_line(self, item: Item, required: int, reserved: int) -> PickLine:
        available = self.available.get(item.code, Decimal(0))
        return PickLine(item, from_micro(required), available, from_micro(reserved), from_micro(required - reserved))


class Structures(Protocol):
    """Where compiled structures come from; a shelf keeps them between plans."""

    def get(self, catalogue: Catalogue, root: str, day: date, supply: Supply) -> Structure:
        """Return the structure, compiled now or before."""
        ...


class FreshStructures:
    """Compiles every time."""

    def get(self, catalogue: Catalogue, root: str, day: date, supply: Supply) -> Structure:
        """Return a newly compiled structure."""
        return compile_structure(catalogue, root, day, supply=supply)


def plan_order(
    demands: Iterable[DemandLine],
    catalogue: Catalogue,
    available: Mapping[str, Decimal],
    structures: Structures | None = None,
    *,
    refused: Collection[str] = (),
) -> OrderPlan:
    """Return the plan of an order's lines against the stock that is free for them; no `refused` item stands in.

    Earlier due lines take stock first. A line that can't be planned takes nothing and stops no other line.
    """
    plan = OrderPlan(available=available)
    pool = StockPool(available)
    source = structures or FreshStructures()
    for demand in sorted(demands, key=lambda d: (d.due_date, d.line_no)):
        try:
            plan.lines.append(_net(demand, catalogue, pool, source, first_index=len(plan.drafts())))
            pool.keep()
        except PlanningRefusal as refusal:
            pool.undo()
            plan.unplanned.append(UnplannedLine(demand.line_no, refusal))
    cover_with_alternates(plan.drafts(), catalogue.items, pool, refused)
    return plan


def needed_stock(demands: Iterable[DemandLine], catalogue: Catalogue, structures: Structures) -> set[str]:
    """Return every item whose availability the plan of these lines may ask for."""
    codes: set[str] = set()
    for demand in demands:
        try:
            supply = planned_supply(catalogue.item(demand.item_code))
            codes |= structures.get(catalogue, demand.item_code, demand.due_date, supply).item_codes()
        except PlanningRefusal:
            continue  # told line by line when the plan is made
    return codes


def planned_supply(item: Item) -> Supply:
    """Return how an ordered item is supplied: a phantom that is ordered by itself has to be made."""
    return Supply.BUY if item.supply is Supply.BUY else Supply.MAKE


def _net(
    demand: DemandLine, catalogue: Catalogue, pool: StockPool, structures: Structures, *, first_index: int
) -> LineNet:
    item = catalogue.item(demand.item_code)
    if not item.active:
        raise InactiveItem(item=item.code)
    micro = stock_quantity(demand, item, catalogue)
    structure = structures.get(catalogue, item.code, demand.due_date, planned_supply(item))
    return net_line(structure, micro, pool, line_no=demand.line_no, due_date=demand.due_date, first_index=first_index)


def stock_quantity(demand: DemandLine, item: Item, catalogue: Catalogue) -> int:
    """Return the ordered quantity in micro stock units; pieces must be whole (X22)."""
    factor = item.factor(demand.unit, catalogue.units)
    ordered = to_micro(demand.quantity) * factor
    micro = -(-ordered.numerator // ordered.denominator)
    if item.whole_units and (ordered.denominator != 1 or micro % MICRO):
        raise QuantityNotWhole(item=item.code, quantity=str(demand.quantity))
    return micro
