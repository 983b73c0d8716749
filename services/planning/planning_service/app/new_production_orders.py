"""The production orders of a plan, and everything it needs of stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from planning_service.app.facts import OrderFacts, Prepared
from planning_service.app.ports import ProductionOrders
from planning_service.domain.component import Component
from planning_service.domain.exact import from_micro
from planning_service.domain.needs import ORDER_LINE, ComponentNeed, Draft
from planning_service.domain.operation import Operation
from planning_service.domain.plan import OrderPlan
from planning_service.domain.production_order import ProductionOrder


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
