"""Put an item, a routing or a bill: idempotent, a version only rises on change."""

from __future__ import annotations

from planning_service.app.ports import Master, Tell
from planning_service.domain.bom import Bom, BomVersion
from planning_service.domain.bom_rules import check_version, with_version
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.cycles import refuse_loop
from planning_service.domain.errors import FieldError, Invalid
from planning_service.domain.item import Item, check_item
from planning_service.domain.routing import Routing, check_routing


async def put_item(item: Item, master: Master, tell: Tell) -> tuple[Item, int]:
    """Keep an item and return it with its version."""
    catalogue = await master.lock()
    check_item(item, catalogue.units)
    _check_names(item, catalogue)
    known = catalogue.items.get(item.code)
    version = catalogue.versions.get(item.code, 0)
    if known == item:
        return item, version
    if known is not None and known.unit != item.unit:
        raise Invalid([FieldError("unit", "UNIT_FIXED", {"unit": known.unit})])
    await master.save_item(item, version + 1)
    tell.item_changed(item, version + 1)
    return item, version + 1


def _check_names(item: Item, catalogue: Catalogue) -> None:
    """A code or an alias names one item only."""
    errors = []
    if catalogue.aliases.get(item.code, item.code) != item.code:
        errors.append(FieldError("code", "ALIAS_TAKEN", {"item": catalogue.aliases[item.code]}))
    for index, alias in enumerate(item.aliases):
        owner = alias if alias in catalogue.items else catalogue.aliases.get(alias, item.code)
        if owner != item.code:
            errors.append(FieldError(f"aliases.{index}", "ALIAS_TAKEN", {"alias": alias, "item": owner}))
    if errors:
        raise Invalid(errors)


async def put_routing(routing: Routing, master: Master, tell: Tell) -> Routing:
    """Keep a routing; production orders that exist keep their frozen copy (S38)."""
    check_routing(routing)
    catalogue = await master.lock()
    known = catalogue.routings.get(routing.code)
    if known is not None and known.operations == routing.operations:
        return known
    kept = Routing(routing.code, routing.operations, known.version + 1 if known else 1)
    await master.save_routing(kept)
    tell.routing_changed(kept)
    return kept


async def put_bom(item_code: str, version: BomVersion, master: Master, tell: Tell) -> BomVersion:
    """Keep a version of a bill; refused when the bills would contain a loop, whoever added the other half (X18)."""
    catalogue = await master.lock()
    bom = checked_bom(item_code, version, catalogue)
    standing = standing_version(bom, version)
    if standing is not None:
        return standing
    changed = with_version(bom, version)
    refuse_loop(item_code, lambda code: changed.components() if code == item_code else catalogue.components_of(code))
    kept = (await master.save_boms({item_code: version}))[item_code]
    tell.bom_changed(item_code, kept)
    return kept


def checked_bom(item_code: str, version: BomVersion, catalogue: Catalogue) -> Bom:
    """Return the bill as it is, when it may get this version; raises Invalid with everything that is wrong with it."""
    routing_known = not version.routing_code or version.routing_code in catalogue.routings
    check_version(item_code, version, items=catalogue.items, units=catalogue.units, routing_known=routing_known)
    return catalogue.boms.get(item_code, Bom(item_code, ()))


def standing_version(bom: Bom, version: BomVersion) -> BomVersion | None:
    """Return the version that says the same already."""
    same_start = next((v for v in bom.versions if v.effective.start == version.effective.start), None)
    if same_start and (same_start.content_hash(), same_start.effective) == (version.content_hash(), version.effective):
        return same_start
    return None
