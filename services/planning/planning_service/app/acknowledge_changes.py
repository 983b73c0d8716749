"""The team says that it has seen what changed; saying it again changes nothing (S45)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from planning_service.app.ports import ProductionOrders
from planning_service.domain.errors import NotFound
from planning_service.domain.production_order import ProductionOrder


class Changes(Protocol):
    """Where changes on the floor are kept."""

    async def acknowledge(self, number: str, ids: Sequence[UUID]) -> list[UUID]:
        """Take note that these, or all, have been seen; return those nobody had acknowledged before."""
        ...


class TellAcknowledged(Protocol):
    """Tells who has seen what."""

    def acknowledged(self, order: ProductionOrder, ids: Sequence[UUID]) -> None:
        """Tell which changes were seen, and by whom."""
        ...


async def acknowledge_changes(
    key: str, ids: Sequence[UUID], production_orders: ProductionOrders, changes: Changes, tell: TellAcknowledged
) -> ProductionOrder:
    """Return the production order; what was seen is told once."""
    order = await production_orders.locked(key)
    if order is None:
        raise NotFound(kind="production_order", key=key)
    seen = await changes.acknowledge(order.number, ids)
    if seen:
        tell.acknowledged(order, seen)
    return order
