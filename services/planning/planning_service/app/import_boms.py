"""Keep the bills of a sheet: each by itself, so that one refused bill stops no other."""

from __future__ import annotations

from collections.abc import Sequence

from planning_service.app.keep_items import put_bom
from planning_service.app.ports import Master, Tell
from planning_service.domain.bom_sheet import SheetReading, SheetRow, read_sheet
from planning_service.domain.errors import Invalid, PlanningRefusal


async def import_boms(rows: Sequence[SheetRow], master: Master, tell: Tell) -> SheetReading:
    """Return the reading; its bills are those that were kept."""
    reading = read_sheet(rows, await master.lock())
    for item_code, version in list(reading.bills.items()):
        try:
            await put_bom(item_code, version, master, tell)
        except Invalid as refusal:
            first = refusal.fields[0]
            reading.reject(item_code, first.reason, {name: str(value) for name, value in first.params.items()})
        except PlanningRefusal as refusal:
            reading.reject(item_code, refusal.reason, {name: str(value) for name, value in refusal.params.items()})
    return reading
