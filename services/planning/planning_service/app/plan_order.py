"""Plan an order: explode and net against free stock ahead of the transaction, then keep one plan per order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from planning_service.app.ports import (
    KeptLine,
    OrderFacts,
    Orders,
    Plans,
    Prepared,
    ProductionOrders,
    Stock,
    Tell,
    Told,
)
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.component import Component
from planning_service.domain.errors import OrderNotPlannable
from planning_service.domain.exact import from_micro
from planning_service.domain.lifecycle import LIVE
from planning_service.domain.needs import ORDER_LINE, ComponentNeed, Draft
from planning_service.domain.operation import Operation
from planning_service.domain.plan import OrderPlan, Structures, needed_stock, plan_order
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.promise import promise_order

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
) -> Prepared:
    """Ask order and inventory, then explode and net the lines that have no plan yet."""
    facts = await orders.get(order)
    wanted = [line for line in facts.lines if line.line_no not in planned_lines]
    free = await stock.available(needed_stock(wanted, catalogue, structures), facts.number) if wanted else {}
    plan = plan_order(wanted, catalogue, free, structures)
    promised = {p.line_no: p.producible_by for p in promise_order(plan, catalogue, today)}
    return Prepared(facts, plan, catalogue, promised)


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
    order, plan = prepared.order, prepared.plan
    claimed = await plans.claim(order, now, who, making=len(plan.drafts()), today=today)
    if claimed.lines.intersection(line.line_no for line in plan.lines):
        return None
    made, components = new_production_orders(prepared, claimed.numbers, now=now, new_id=new_id)
    ranks = await plans.add(prepared, made, components)
    if plan.lines:
        told = (
            await whole_plan(order.number, plans, production_orders)
            if claimed.lines
            else Told(_lines(plan), made, components)
        )
        tell.planned(order, told)
        tell.created(made)
    return None if claimed.lines else Kept(made, components, ranks)


async def make_production_orders(
    prepared: Prepared,
    production_orders: ProductionOrders,
    *,
    now: datetime,
    today: date,
    new_id: Callable[[], UUID],
) -> tuple[list[ProductionOrder], list[Component]]:
    """Insert the production orders of a plan; return them with everything the plan needs of stock."""
    drafts = prepared.plan.drafts()
    numbers = await production_orders.next_numbers(len(drafts), today) if drafts else []
    made, components = new_production_orders(prepared, numbers, now=now, new_id=new_id)
    await production_orders.add(made, [draft.version.version for draft in drafts])
    return made, components


def new_production_orders(
    prepared: Prepared, numbers: Sequence[str], *, now: datetime, new_id: Callable[[], UUID]
) -> tuple[list[ProductionOrder], list[Component]]:
    """Return the production orders of a plan under these numbers, and everything the plan needs of stock."""
    drafts = prepared.plan.drafts()
    ids = sorted(new_id() for _ in drafts)  # minted in one instant: sorted, so that lists keep the plan's order
    made = [_production_order(d, numbers, prepared, now=now, order_id=ids[d.index]) for d in drafts]
    return made, _components(prepared.plan, prepared.order, numbers)


async def whole_plan(number: str, plans: Plans, production_orders: ProductionOrders) -> Told:
    """Return the plan as it now stands: a plan that grows is told whole again, its earlier part included."""
    lines, components = await plans.kept(number)
    live = [order for order in await production_orders.locked_of_order(number) if order.state in LIVE]
    numbers = {order.number for order in live} | {""}
    return Told(lines, live, [c for c in components if c.production_order_number in numbers])


def _lines(plan: OrderPlan) -> list[KeptLine]:
    return [KeptLine(line.line_no, from_micro(line.quantity), line.item.unit) for line in plan.lines]


def _production_order(
    draft: Draft, numbers: Sequence[str], prepared: Prepared, *, now: datetime, order_id: UUID
) -> ProductionOrder:
    routing = prepared.catalogue.routings[draft.version.routing_code or ""]
    order = prepared.order
    return ProductionOrder(
        id=order_id,
        number=numbers[draft.index],
        order_number=order.number,
        line_no=draft.line_no,
        item_code=draft.item.code,
        item_name=draft.item.name,
        unit=draft.item.unit,
        quantity=draft.quantity,
        due_date=draft.due_date,
        created_at=now,
        operations=[Operation(step) for step in sorted(routing.operations, key=lambda step: step.sequence)],
        whole_units=draft.item.whole_units,
        parent_number=None if draft.parent is None else numbers[draft.parent],
        routing_code=routing.code,
        urgency=order.urgency,
        asked_at=order.asked_at,
        traceparent=order.traceparent,
        bom_hash=draft.version.content_hash(),
        settled=not draft.components,
    )


def _components(plan: OrderPlan, order: OrderFacts, numbers: Sequence[str]) -> list[Component]:
    due = {line.line_no: line.due_date for line in order.lines}
    return [
        _component(need, order.number, numbers, due[need.line_no], plan.available)
        for need in plan.needs()
        if (need.to_pick if need.owner == ORDER_LINE else need.required) > 0
    ]


def _component(
    need: ComponentNeed, order_number: str, numbers: Sequence[str], due: date, available: Mapping[str, Decimal]
) -> Component:
    """An order line keeps only what it takes from stock; a production order keeps what its children make, too."""
    own_line = need.owner == ORDER_LINE
    made = Decimal(0) if own_line else from_micro(need.from_production)
    return Component(
        order_number=order_number,
        production_order_number="" if own_line else numbers[need.owner],
        line_no=need.line_no,
        item_code=need.item.code,
        item_name=need.item.name,
        unit=need.item.unit,
        due_date=due,
        required=from_micro(need.to_pick if own_line else need.required),
        made=made,
        expected=made,
        available=available.get(need.item.code, Decimal(0)),
        reserved=from_micro(need.from_stock),
        held_short=from_micro(need.short) + made,
        substitutes=need.substitutes,
    )
