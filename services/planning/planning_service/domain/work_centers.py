"""Where people act: whoever is bound to work centres touches no job that is made elsewhere."""

from __future__ import annotations

from planning_service.domain.errors import NotYourWorkCenter
from planning_service.domain.production_order import ProductionOrder


def check_place(order: ProductionOrder, work_centers: frozenset[str]) -> None:
    """Raise NotYourWorkCenter when none of its operations is done there; without work centres anybody may act."""
    mine = {operation.step.work_center for operation in order.operations}
    if work_centers and work_centers.isdisjoint(mine):
        raise NotYourWorkCenter(number=order.number, work_centers=",".join(sorted(mine)))
