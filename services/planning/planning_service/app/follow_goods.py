"""What inventory tells of a production order's goods: received, components booked off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from planning_service.app.ports import Components, ProductionOrders, Tell
from planning_service.app.tell_shortages import Words, child_ended, tell_changes
from planning_service.domain.component import Component
from planning_service.domain.production_order import ProductionOrder


@dataclass(frozen=True, slots=True)
class Received:
    """Goods of a production order in stock: the total so far, and what its parents hold of them."""

    order_number: str
    number: str
    total: Decimal
    at: datetime
    holdings: Words


async def goods_received(
    told: Received,
    production_orders: ProductionOrders,
    components: Components,
    tell: Tell,
    *,
    now: datetime,
    trace: str,
) -> None:
    """Raise what was received; the last receipt may complete the production order."""
    order = await production_orders.locked(told.number)
    heard = await components.hold(told.order_number, told.holdings)
    if order is None or told.total <= order.received:
        await tell_changes(heard, components, tell, trace)
        return
    order.receive(told.total, told.at)
    await _save_or_complete(order, production_orders, components, tell, now, heard)


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
    order: ProductionOrder,
    production_orders: ProductionOrders,
    components: Components,
    tell: Tell,
    now: datetime,
    heard: Sequence[Component] = (),
) -> None:
    completed = order.complete_if_booked_off(now)
    await production_orders.save(order)
    if completed:
        tell.completed(order)
        await child_ended(order, components, tell, heard=heard)
    else:
        await tell_changes(heard, components, tell, order.traceparent)
