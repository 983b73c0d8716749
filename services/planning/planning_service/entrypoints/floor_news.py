"""A bill that changes while its item is being made: the floor is told, set-based, in the bill's own transaction."""

from __future__ import annotations

from chassis.database import Transaction
from planning_service.adapters.floor_changes import FloorChangeRows
from planning_service.adapters.messages import Messages
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.domain.bom import BomVersion
from planning_service.domain.floor_change import ChangeKind, FloorChange


async def tell_floor_of_bom(item_code: str, version: BomVersion, unit: Transaction) -> None:
    """Raise the change on every production order on the floor whose bill this version replaces."""
    span = version.effective
    raised = await FloorChangeRows(unit).raise_bom(
        item_code, version.version, version.content_hash(), span.start, span.end
    )
    tell, rows = Messages(unit), {row.production_order_number: row for row in raised}
    for order in await ProductionOrderRows(unit).locked_many(sorted(rows)):
        row = rows[order.number]
        order.changes.append(FloorChange(ChangeKind.BOM, row.before, row.after, unit.now, id=row.id))
        tell.changed(order)
