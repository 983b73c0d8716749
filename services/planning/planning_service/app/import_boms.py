"""Keep the bills of a sheet: each is judged by itself, so that one refused bill stops no other; all are written at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from planning_service.app.keep_items import checked_bom, standing_version
from planning_service.app.ports import Master, Tell
from planning_service.domain.bom import Bom
from planning_service.domain.bom_rules import with_version
from planning_service.domain.bom_sheet import SheetReading, SheetRow, read_sheet
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.cycles import find_loop, refuse_loop
from planning_service.domain.errors import Invalid, PlanningRefusal

EVERYTHING = ""
"""No item has this code: the search for loops starts here when it starts at all bills of a sheet."""


async def import_boms(rows: Sequence[SheetRow], master: Master, tell: Tell) -> SheetReading:
    """Return the reading; its bills are those that were kept."""
    catalogue = await master.lock()
    reading = read_sheet(rows, catalogue)
    changed = _changed(reading, catalogue)
    _refuse_loops(reading, changed, catalogue)
    kept = await master.save_boms({code: reading.bills[code] for code in changed})
    for item_code, version in kept.items():
        tell.bom_changed(item_code, version)
    return reading


def _changed(reading: SheetReading, catalogue: Catalogue) -> dict[str, Bom]:
    """Return the bills that would say something else, by item; what can't be is rejected."""
    changed = {}
    for item_code, version in list(reading.bills.items()):
        try:
            bom = checked_bom(item_code, version, catalogue)
            if standing_version(bom, version) is None:
                changed[item_code] = with_version(bom, version)
        except PlanningRefusal as refusal:
            _reject(reading, item_code, refusal)
    return changed


def _refuse_loops(reading: SheetReading, changed: dict[str, Bom], catalogue: Catalogue) -> None:
    """Reject what closes a loop, in the order of the sheet; usually one search over all of them finds none (X18)."""
    loop = find_loop(EVERYTHING, lambda code: changed if code == EVERYTHING else _below(code, changed, catalogue))
    if loop is None:
        return
    accepted: dict[str, Bom] = {}
    for item_code in list(changed):
        accepted[item_code] = changed[item_code]
        try:
            refuse_loop(item_code, lambda code: _below(code, accepted, catalogue))
        except PlanningRefusal as refusal:
            del accepted[item_code], changed[item_code]
            _reject(reading, item_code, refusal)


def _below(code: str, changed: Mapping[str, Bom], catalogue: Catalogue) -> Iterable[str]:
    return changed[code].components() if code in changed else catalogue.components_of(code)


def _reject(reading: SheetReading, item_code: str, refusal: PlanningRefusal) -> None:
    first = refusal.fields[0] if isinstance(refusal, Invalid) else refusal
    reading.reject(item_code, first.reason, {name: str(value) for name, value in first.params.items()})
