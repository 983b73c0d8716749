"""Revise the plan of a changed order: foreseen ahead of the transaction, done under its locks (X10-X13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from planning_service.app.facts import OrderFacts, Prepared, RevisedLine
from planning_service.app.new_production_orders import make_production_orders
from planning_service.app.plan_order import promised, whole_plan
from planning_service.app.ports import Plans, ProductionOrders, Stock, Tell
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.change import LineChange, PlannedLine, change_line
from planning_service.domain.component import Component
from planning_service.domain.exact import ZERO
from planning_service.domain.plan import DemandLine, Structures, needed_stock, plan_order
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.promise import short_items

REASON = "ORDER_CHANGED"


class PlanMoved(ConnectionError):
    """The plan changed between looking ahead and doing it: of the moment, so it is tried again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan as it stands: its lines, production orders and components."""

    lines: Mapping[int, str]
    production_orders: Sequence[ProductionOrder]
    components: Sequence[Component]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a change will do, worked out ahead with the stock of that moment."""

    changes: Sequence[LineChange]
    prepared: Prepared | None = None

    def fingerprint(self) -> list[tuple[int, Decimal, Decimal, list[str]]]:
        """Return what must still be true when it is done."""
        return fingerprint(self.changes)


def changes_of(standing: Standing, wanted: Mapping[int, Decimal]) -> list[LineChange]:
    """Return the changes that make the plan cover what is wanted; lines that stay are left out."""
    changes = [
        change_line(_planned_line(standing, line_no, item), wanted[line_no])
        for line_no, item in sorted(standing.lines.items())
        if line_no in wanted
    ]
    return [change for change in changes if not change.is_nothing()]


async def foresee(
    order: OrderFacts,
    standing: Standing,
    wanted: Mapping[int, Decimal],
    stock: Stock,
    *,
    catalogue: Catalogue,
    structures: Structures,
    today: date,
    refused: Collection[str] = (),
) -> Foreseen:
    """Work the change out: what is made in addition is netted against what is free, freed production included.

    No `refused` item stands in for another, as in the first plan (X25).
    """
    changes = changes_of(standing, wanted)
    due = {line.line_no: line.due_date for line in order.lines}
    demands = [
        DemandLine(c.line_no, c.item_code, c.more, due.get(c.line_no, order.due_date)) for c in changes if c.more > 0
    ]
    if not demands:
        return Foreseen(changes)
    free = dict(await stock.available(needed_stock(demands, catalogue, structures)))
    for code, quantity in _freed(standing, changes).items():
        free[code] = free.get(code, ZERO) + quantity
    plan = plan_order(demands, catalogue, free, structures, refused=refused)
    short = short_items(plan)
    return Foreseen(changes, promised(order, plan, catalogue, today, await stock.arrivals(short) if short else ()))


async def revise_plan(
    foreseen: Foreseen,
    order: OrderFacts,
    wanted: Mapping[int, Decimal],
    plans: Plans,
    production_orders: ProductionOrders,
    tell: Tell,
    *,
    now: datetime,
    today: date,
    new_id: Callable[[], UUID],
) -> None:
    """Do what was foreseen, unless the plan moved meanwhile; everything it does is told."""
    standing = await standing_of(order.number, plans, production_orders)
    changes = changes_of(standing, wanted)
    if fingerprint(changes) != foreseen.fingerprint():
        raise PlanMoved(order.number)
    if not changes:
        return
    await _touch(changes, production_orders, tell, now)
    created: dict[int, list[str]] = defaultdict(list)
    if (prepared := foreseen.prepared) is not None:
        made, needs = await make_production_orders(prepared, production_orders, now=now, today=today, new_id=new_id)
        await plans.extend(order.number, prepared.plan, needs)
        _leave_unplanned(changes, {line.line_no for line in prepared.plan.unplanned})
        for one in made:
            created[one.line_no].append(one.number)
        tell.created(made)
    await plans.cover(order.number, {c.line_no: c for c in changes})
    await _tell(order, changes, created, plans, production_orders, tell)


async def standing_of(number: str, plans: Plans, production_orders: ProductionOrders) -> Standing:
    """Return the plan as it stands, locked."""
    lines, kept = await plans.locked_lines(number)
    return Standing(lines, await production_orders.locked_of_order(number), kept)


def fingerprint(changes: Sequence[LineChange]) -> list[tuple[int, Decimal, Decimal, list[str]]]:
    """Return what decides about the changes."""
    return [(c.line_no, c.more, c.stocked, sorted(o.number for o in c.cancel)) for c in changes]


def _planned_line(standing: Standing, line_no: int, item_code: str) -> PlannedLine:
    stocked = sum(
        (c.required for c in standing.components if not c.production_order_number and c.line_no == line_no), ZERO
    )
    mine = [o for o in standing.production_orders if o.line_no == line_no]
    return PlannedLine(line_no, item_code, stocked, mine)


def _freed(standing: Standing, changes: Sequence[LineChange]) -> dict[str, Decimal]:
    """Return what the production orders to be cancelled hold: it is free for what replaces them."""
    gone = {order.number for change in changes for order in change.cancel}
    freed: dict[str, Decimal] = defaultdict(Decimal)
    for component in standing.components:
        if component.production_order_number in gone:
            freed[component.item_code] += component.reserved - component.issued
    return freed


def _leave_unplanned(changes: Sequence[LineChange], unplanned: set[int]) -> None:
    """What can't be planned is not covered, whatever is wanted."""
    for change in changes:
        if change.line_no in unplanned:
            change.wanted -= change.more


async def _touch(changes: Sequence[LineChange], production_orders: ProductionOrders, tell: Tell, now: datetime) -> None:
    for order in (order for change in changes for order in change.cancel):
        order.cancel(REASON, now)
        await production_orders.save(order)
    for change in changes:
        for order in change.begun:
            order.learn_wanted(change.before, change.wanted, now)
            await production_orders.save(order)
            tell.changed(order)


async def _tell(
    order: OrderFacts,
    changes: Sequence[LineChange],
    created: Mapping[int, list[str]],
    plans: Plans,
    production_orders: ProductionOrders,
    tell: Tell,
) -> None:
    """Tell the plan first: what the cancelled ones hold goes to those made instead, not to whoever waits (X10)."""
    gone = [one for change in changes for one in change.cancel]
    told = await whole_plan(order.number, plans, production_orders)
    tell.planned(order, replace(told, replaced=tuple(one.number for one in gone)))
    for one in gone:
        tell.cancelled(one, replaced=True)
    tell.revised(order, [_revised(change, created.get(change.line_no, ())) for change in changes])


def _revised(change: LineChange, created: Sequence[str]) -> RevisedLine:
    return RevisedLine(
        change.line_no,
        change.item_code,
        before=change.before,
        after=change.wanted,
        created=tuple(created),
        cancelled=tuple(order.number for order in change.cancel),
        surplus=change.surplus,
    )
