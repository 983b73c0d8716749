"""Moves of a production order by people: dispatch, hold, resume, cancel, inspect."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from planning_service.app.ports import Components, ProductionOrders, Tell
from planning_service.app.tell_shortages import child_ended
from planning_service.domain.errors import FieldError, Invalid, NotFound, Stale
from planning_service.domain.production_order import ProductionOrder

MOVES = ("hold", "resume", "cancel")


async def load(key: str, production_orders: ProductionOrders, expected_version: int | None) -> ProductionOrder:
    """Return the production order, locked; raises NotFound, or Stale when the caller saw an older version."""
    order = await production_orders.locked(key)
    if order is None:
        raise NotFound(kind="production_order", key=key)
    if expected_version is not None and expected_version != order.version:
        raise Stale(key=order.number, expected=expected_version, actual=order.version)
    return order


async def dispatch(
    key: str, team: str, production_orders: ProductionOrders, tell: Tell, *, now: datetime, expected_version: int | None
) -> ProductionOrder:
    """Hand a production order to a team."""
    order = await load(key, production_orders, expected_version)
    order.dispatch(team, now)
    await production_orders.save(order)
    tell.dispatched(order)
    return order


async def inspect(
    key: str,
    production_orders: ProductionOrders,
    tell: Tell,
    *,
    passed: Decimal,
    rework: Decimal,
    scrapped: Decimal,
    reason: str,
    now: datetime,
    expected_version: int | None,
    rework_from: int | None = None,
) -> ProductionOrder:
    """Record a judgement; the event carries totals. Reworked pieces start again at `rework_from`, else at the last step."""
    order = await load(key, production_orders, expected_version)
    back = order.inspect(
        passed=passed, rework=rework, scrapped=scrapped, reason=reason or None, now=now, rework_from=rework_from
    )
    operation = None if back is None else order.operations[back]
    await production_orders.save(order, operation)
    tell.inspection_recorded(order, operation)
    return order


async def move(
    key: str,
    name: str,
    reason: str,
    production_orders: ProductionOrders,
    components: Components,
    tell: Tell,
    *,
    now: datetime,
    expected_version: int | None,
) -> ProductionOrder:
    """Hold, resume or cancel."""
    if name not in MOVES:
        raise Invalid([FieldError("move", "MOVE_UNKNOWN", {"move": name, "allowed": ",".join(MOVES)})])
    order = await load(key, production_orders, expected_version)
    if name == "hold":
        order.hold(reason, now)
    elif name == "resume":
        order.resume()
    else:
        await end(order, reason, production_orders, components, tell, now=now)
        return order
    await production_orders.save(order)
    return order


async def end(
    order: ProductionOrder,
    reason: str,
    production_orders: ProductionOrders,
    components: Components,
    tell: Tell,
    *,
    now: datetime,
) -> None:
    """Cancel one production order; what waited for it is short now."""
    order.cancel(reason, now)
    await production_orders.save(order)
    tell.cancelled(order)
    tell.changed(order)
    await child_ended(order, components, tell)
