"""Give an order the planner's rank: it goes before urgency, due date and first come (S44)."""

from __future__ import annotations

from planning_service.app.facts import OrderFacts
from planning_service.app.plan_order import whole_plan
from planning_service.app.ports import Plans, ProductionOrders, Tell
from planning_service.domain.errors import NotFound
from planning_service.domain.lifecycle import LIVE


async def rank_order(
    order: OrderFacts, rank: int | None, reason: str, plans: Plans, production_orders: ProductionOrders, tell: Tell
) -> None:
    """Rank all live production orders of a planned order; the plan is told again, so inventory follows."""
    lines, _ = await plans.locked_lines(order.number)
    if not lines:
        raise NotFound(kind="plan", key=order.number)
    changed = False
    for one in await production_orders.locked_of_order(order.number):
        if one.state in LIVE and (one.planner_rank, one.rank_reason) != (rank, reason or None):
            one.planner_rank, one.rank_reason = rank, reason or None
            await production_orders.save(one)
            changed = True
    if changed:
        tell.planned(order, await whole_plan(order.number, plans, production_orders))
