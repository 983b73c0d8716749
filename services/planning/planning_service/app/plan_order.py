"""Plan an order: explode and net against free stock ahead of the transaction, then keep one plan per order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from planning_service.app.facts import Claimed, KeptLine, NewPlan, OrderFacts, Prepared, Told
from planning_service.app.new_production_orders import new_production_orders
from planning_service.app.ports import Orders, Plans, ProductionOrders, Stock, Tell
from planning_service.domain.arrivals import Arrival
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.component import Component
from planning_service.domain.errors import OrderNotPlannable
from planning_service.domain.exact import from_micro
from planning_service.domain.lifecycle import LIVE
from planning_service.domain.plan import DemandLine, OrderPlan, Structures, needed_stock, plan_order
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.promise import promise_order, short_items

PLANNABLE = frozenset({"confirmed", "planned", "in_production", "part_shipped"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan just kept, whole: what it made, what it needs, and where its production orders stand among all."""

    made: Sequence[ProductionOrder]
    components: Sequence[Component]
    ranks: Mapping[str, int]


async def prepare_plan(
    order: str,
    orders: Orders,
    stock: Stock,
    *,
    catalogue: Catalogue,
    structures: Structures,
    today: date,
    planned_lines: frozenset[int] = frozenset(),
    refusals: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Prepared:
    """Ask order and inventory, then explode and net the lines that have no plan yet."""
    facts = await orders.get(order)
    wanted = unplanned(facts, planned_lines)
    free = await stock.available(needed_stock(wanted, catalogue, structures), facts.number) if wanted else {}
    plan = plan_order(wanted, catalogue, free, structures, refused=refusals.get(facts.customer_id, ()))
    short = short_items(plan)
    return promised(facts, plan, catalogue, today, await stock.arrivals(short) if short else ())


def unplanned(facts: OrderFacts, planned_lines: Collection[int]) -> list[DemandLine]:
    """Return the lines of an order that have no plan yet."""
    return [line for line in facts.lines if line.line_no not in planned_lines]


def promised(
    facts: OrderFacts, plan: OrderPlan, catalogue: Catalogue, today: date, arrivals: Iterable[Arrival]
) -> Prepared:
    """Return a plan with the day each line can be done."""
    days = {p.line_no: p.producible_by for p in promise_order(plan, catalogue, today, arrivals)}
    return Prepared(facts, plan, catalogue, days, tuple(arrivals))


def refuse_unless_plannable(order: OrderFacts) -> None:
    """Raise OrderNotPlannable unless the order is confirmed or later and goes on."""
    if order.state not in PLANNABLE:
        raise OrderNotPlannable(number=order.number, state=order.state, allowed=list(order.allowed))


async def keep_plan(
    prepared: Prepared,
    plans: Plans,
    production_orders: ProductionOrders,
    tell: Tell,
    *,
    now: datetime,
    today: date,
    who: str,
    new_id: Callable[[], UUID],
) -> Kept | None:
    """Keep what was worked out, unless another planner was first; return it when it is all the order's plan has."""
    kept = await keep_plans([prepared], plans, production_orders, tell, now=now, today=today, who=who, new_id=new_id)
    (found,) = kept
    if isinstance(found, OrderNotPlannable):
        raise found
    return found


async def keep_plans(
    prepared: Sequence[Prepared],
    plans: Plans,
    production_orders: ProductionOrders,
    tell: Tell,
    *,
    now: datetime,
    today: date,
    who: str,
    new_id: Callable[[], UUID],
) -> list[Kept | OrderNotPlannable | None]:
    """Keep many plans in statements they share; an order that has ended meanwhile stands in the answer as refused."""
    new: list[NewPlan | None] = []
    claims = await plans.claim(prepared, now, who, today)
    for one, claimed in zip(prepared, claims, strict=True):
        mine = claimed.lines.intersection(line.line_no for line in one.plan.lines)
        fresh = None if claimed.ended or mine else _new_plan(one, claimed, now, new_id)
        new.append(fresh)
    ranks = await plans.add([plan for plan in new if plan])
    for plan, claimed in zip(new, claims, strict=True):
        if plan is not None and plan.prepared.plan.lines:
            await _tell(plan, claimed, plans, production_orders, tell)
    return [_kept(*each, ranks) for each in zip(prepared, new, claims, strict=True)]


def _new_plan(prepared: Prepared, claimed: Claimed, now: datetime, new_id: Callable[[], UUID]) -> NewPlan:
    return NewPlan(prepared, *new_production_orders(prepared, claimed.numbers, now=now, new_id=new_id))


def _kept(
    prepared: Prepared, new: NewPlan | None, claimed: Claimed, ranks: Mapping[str, int]
) -> Kept | OrderNotPlannable | None:
    if claimed.ended:
        return OrderNotPlannable(number=prepared.order.number, state=claimed.ended, allowed=[])
    return None if new is None or claimed.lines else Kept(new.made, new.components, ranks)


async def _tell(new: NewPlan, claimed: Claimed, plans: Plans, production_orders: ProductionOrders, tell: Tell) -> None:
    order = new.prepared.order
    told = (
        await whole_plan(order.number, plans, production_orders)
        if claimed.lines
        else Told(_lines(new.prepared.plan), new.made, new.components)
    )
    tell.planned(order, told)
    tell.created(new.made)


async def whole_plan(number: str, plans: Plans, production_orders: ProductionOrders) -> Told:
    """Return the plan as it now stands: a plan that grows is told whole again, its earlier part included."""
    lines, components = await plans.kept(number)
    live = [order for order in await production_orders.locked_of_order(number) if order.state in LIVE]
    numbers = {order.number for order in live} | {""}
    return Told(lines, live, [c for c in components if c.production_order_number in numbers])


def _lines(plan: OrderPlan) -> list[KeptLine]:
    return [KeptLine(line.line_no, from_micro(line.quantity), line.item.unit) for line in plan.lines]
