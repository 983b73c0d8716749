"""What a change of a planned order does to its production: never a silent note (X10-X12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from planning_service.domain.exact import ZERO
from planning_service.domain.lifecycle import ProductionState
from planning_service.domain.production_order import ProductionOrder

GONE = frozenset({ProductionState.CANCELLED})


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One order line as it is planned now: what it takes from stock itself, and its production orders."""

    line_no: int
    item_code: str
    stocked: Decimal
    production_orders: Sequence[ProductionOrder]

    def tops(self) -> list[ProductionOrder]:
        """Return the production orders that make the ordered item itself, oldest first."""
        return [o for o in self.production_orders if o.parent_number is None and o.state not in GONE]

    @property
    def covered(self) -> Decimal:
        """Return how much of the line the plan covers: from stock and by production."""
        return self.stocked + sum((coverage(order) for order in self.tops()), ZERO)

    def below(self, top: ProductionOrder) -> list[ProductionOrder]:
        """Return the production orders made for this one, at any level."""
        reached, pending = list[ProductionOrder](), [top.number]
        while pending:
            parent = pending.pop()
            for order in self.production_orders:
                if order.parent_number == parent and order.state not in GONE:
                    reached.append(order)
                    pending.append(order.number)
        return reached


@dataclass(slots=True)
class LineChange:
    """What shall happen so that the plan covers exactly what is wanted."""

    line_no: int
    item_code: str
    before: Decimal
    wanted: Decimal
    stocked: Decimal
    more: Decimal = ZERO
    """To plan in addition, from stock or by making."""
    cancel: list[ProductionOrder] = field(default_factory=list)
    surplus: Decimal = ZERO
    """Being made beyond what is wanted, on production orders that have begun: the planner decides."""
    begun: list[ProductionOrder] = field(default_factory=list)

    released: Decimal = ZERO
    """Given back to stock from what the line itself reserved."""

    def is_nothing(self) -> bool:
        """Say whether the plan may stay as it is."""
        return not (self.more or self.cancel or self.surplus or self.released)


def coverage(order: ProductionOrder) -> Decimal:
    """Return what a production order brings: one closed short brings what was received, and no more."""
    return order.received if order.state is ProductionState.CLOSED_SHORT else order.quantity


def change_line(line: PlannedLine, wanted: Decimal) -> LineChange:
    """Return the change that makes the plan cover `wanted` (in the item's stock unit).

    More is planned in addition. Less takes untouched production back first, newest first, then stock; what has begun
    is never stopped by itself. What was taken back too much is planned again.
    """
    change = LineChange(line.line_no, line.item_code, line.covered, wanted, line.stocked)
    excess = line.covered - wanted
    for top in reversed(line.tops()):
        if excess <= 0:
            break
        if top.state is ProductionState.CREATED:
            change.cancel += [top, *(o for o in line.below(top) if o.state is ProductionState.CREATED)]
            excess -= top.quantity
    if excess < 0:
        change.more = -excess
    elif excess > 0:
        change.released = min(line.stocked, excess)
        change.stocked -= change.released
        change.surplus = excess - change.released
        change.begun = [top for top in line.tops() if top not in change.cancel] if change.surplus else []
    return change
