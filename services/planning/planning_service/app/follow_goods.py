"""What inventory tells of a production order's goods: received, components booked off."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from planning_service.app.ports import Components, ProductionOrders, Tell
from planning_service.app.tell_shortages import child_ended
from planning_service.domain.production_order import ProductionOrder


async def goods_received(
    number: str,
    total: Decimal,
    received_at: datetime,
    production_orders: ProductionOrders,
    components: Components,
    tell: Tell,
    *,
    now: datetime,
) -> None:
    """Raise what was received; the last receipt may complete the production order."""
    order = await production_orders.locked(number)
    if order is None or total <= order.received:
        return
    order.receive(total, received_at)
    await _save_or_complete(order, production_orders, components, tell, now)


async def components_settled(
    number: str, production_orders: ProductionOrders, components: Components, tell: Tell, *, now: datetime
) -> None:
    """Nothing is left to consume or return."""
    order = await production_orders.locked(number)
    if order is None or order.settled:
        return
    order.settle()
    await _save_or_complete(order, production_orders, components, tell, now)


async def _save_or_complete(
    order: ProductionOrder, production_orders: ProductionOrders, components: Components, tell: Tell, now: datetime
) -> None:
    completed = order.complete_if_booked_off(now)
    await production_orders.save(order)
    if completed:
        tell.completed(order)
        await child_ended(order, components, tell)
