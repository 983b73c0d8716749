"""What the order service tells: cancelled orders end their production, changed ones are ranked anew."""

from __future__ import annotations

from datetime import date, datetime

from planning_service.app.move_production_order import end
from planning_service.app.ports import Components, ProductionOrders, Tell
from planning_service.domain.lifecycle import LIVE, Move, ProductionState
from planning_service.domain.priority import Urgency


async def order_cancelled(
    order_number: str,
    reason: str,
    production_orders: ProductionOrders,
    components: Components,
    tell: Tell,
    *,
    now: datetime,
) -> None:
    """End everything that is not finished: untouched ones are cancelled, the floor is told to stop the others."""
    for order in await production_orders.locked_of_order(order_number):
        if Move.CANCEL in order.allowed and order.state is not ProductionState.RECEIVED:
            await end(order, reason, production_orders, components, tell, now=now)


async def order_changed(
    order_number: str,
    urgency: Urgency | None,
    due_dates: dict[int, date],
    production_orders: ProductionOrders,
    tell: Tell,
    *,
    now: datetime,
) -> None:
    """Take the new urgency and due dates over: the rank follows, the floor is told."""
    for order in await production_orders.locked_of_order(order_number):
        due = due_dates.get(order.line_no, order.due_date)
        wanted = urgency or order.urgency
        if order.state in LIVE and (order.due_date, order.urgency) != (due, wanted):
            order.reschedule(due, wanted, now)
            await production_orders.save(order)
            tell.changed(order)
