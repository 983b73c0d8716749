"""The item master in one transaction. The epoch row is the mutex: one writer at a time, so halves of a loop meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chassis import initials as pinyin
from chassis.database import Transaction
from chassis.sql import text
from planning_service.adapters.bulk import BulkInsert
from planning_service.adapters.catalogue_cache import CatalogueCache
from planning_service.adapters.master_rows import item_values, line_values, operations_json
from planning_service.domain.bom import Bom, BomVersion
from planning_service.domain.bom_rules import with_version
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.item import Item
from planning_service.domain.routing import Routing

_LOCK = text("SELECT epoch FROM catalogue_epoch FOR UPDATE")
_RISE = text("UPDATE catalogue_epoch SET epoch = epoch + 1 RETURNING epoch")
_ITEM = text("""
WITH risen AS (UPDATE catalogue_epoch SET epoch = epoch + 1 RETURNING epoch)
INSERT INTO item (code, name, unit, supply, whole_units, safety_stock, lead_time_days, units, aliases, active, stock_first,
                  initials, version, epoch)
SELECT :code, :name, :unit, :supply, :whole_units, :safety_stock, :lead_time_days, CAST(:units AS jsonb), :aliases, :active,
       :stock_first, :initials, :version, risen.epoch FROM risen
ON CONFLICT (code) DO UPDATE SET name = excluded.name, unit = excluded.unit, supply = excluded.supply,
  whole_units = excluded.whole_units, safety_stock = excluded.safety_stock, lead_time_days = excluded.lead_time_days,
  units = excluded.units, aliases = excluded.aliases, active = excluded.active, stock_first = excluded.stock_first,
  initials = excluded.initials, version = excluded.version, epoch = excluded.epoch
""")
_NO_ALIASES = text("DELETE FROM item_alias WHERE item_code = :code")
_ALIASES = text(
    "INSERT INTO item_alias (alias, item_code) SELECT a, :code FROM unnest(CAST(:aliases AS text[])) AS t (a)"
)
_ROUTING = text("""
INSERT INTO routing (code, operations, version, epoch) VALUES (:code, CAST(:operations AS jsonb), :version, :epoch)
ON CONFLICT (code) DO UPDATE SET operations = excluded.operations, version = excluded.version, epoch = excluded.epoch
""")
_SUPERSEDE = text("""
UPDATE bom SET superseded = true, epoch = :epoch
WHERE item_code = :code AND NOT superseded AND effective_from IS NOT DISTINCT FROM CAST(:start AS date)
""")
_NEXT_VERSION = text("SELECT coalesce(max(version), 0) + 1 FROM bom WHERE item_code = :code")
_BOM = text("""
INSERT INTO bom (item_code, version, effective_from, effective_to, base_quantity, routing_code, content_hash, epoch,
                 created_at, created_by)
VALUES (:code, :version, :start, :end, :base, :routing, :hash, :epoch, :now, :who)
""")
_LINES = BulkInsert(
    "bom_line",
    {
        "item_code": "text",
        "version": "bigint",
        "row_no": "int",
        "position": "int",
        "component": "text",
        "quantity_per": "numeric",
        "unit": "text",
        "scrap_rate": "numeric",
        "setup_quantity": "numeric",
        "rounding_multiple": "numeric",
        "alternates": "jsonb",
        "effective_from": "date",
        "effective_to": "date",
        "supply": "text",
    },
)


class MasterStore:
    """Writes the item master; `lock` first."""

    def __init__(self, unit: Transaction, cache: CatalogueCache) -> None:
        self._unit, self._cache = unit, cache
        self._catalogue: Catalogue | None = None

    async def lock(self) -> Catalogue:
        """Return the newest catalogue, own changes included; nobody else changes it until this transaction ends.

        The shared snapshot is read before the first write only: what is not committed must never get into it.
        """
        if self._catalogue is None:
            epoch = (await self._unit.execute(_LOCK)).scalar_one()
            self._catalogue = await self._cache.as_of(epoch, self._unit)
        return self._catalogue

    async def save_item(self, item: Item, version: int) -> None:
        """Insert or replace an item and its aliases."""
        values: dict[str, Any] = {**item_values(item), "initials": initials(item.name), "version": version}
        await self._unit.execute(_ITEM, values)
        known = await self.lock()
        if item.code in known.items and known.items[item.code].aliases:
            await self._unit.execute(_NO_ALIASES, {"code": item.code})
        if item.aliases:
            await self._unit.execute(_ALIASES, {"code": item.code, "aliases": list(item.aliases)})
        versions = {**known.versions, item.code: version}
        self._catalogue = replace(known, items={**known.items, item.code: item}, versions=versions)

    async def save_routing(self, routing: Routing) -> None:
        """Insert or replace a routing."""
        values = {"code": routing.code, "operations": operations_json(routing), "version": routing.version}
        await self._unit.execute(_ROUTING, {**values, "epoch": await self._rise()})
        known = await self.lock()
        self._catalogue = replace(known, routings={**known.routings, routing.code: routing})

    async def save_bom(self, item_code: str, version: BomVersion) -> BomVersion:
        """Keep a version under the next number; the one of the same start is superseded, its lines stay for history."""
        epoch = await self._rise()
        start = version.effective.start
        await self._unit.execute(_SUPERSEDE, {"code": item_code, "start": start, "epoch": epoch})
        number = (await self._unit.execute(_NEXT_VERSION, {"code": item_code})).scalar_one()
        kept = replace(version, version=number)
        head = {"code": item_code, "version": number, "start": start, "end": version.effective.end, "epoch": epoch}
        head |= {"base": version.base_quantity, "routing": version.routing_code, "hash": version.content_hash()}
        await self._unit.execute(_BOM, {**head, "now": self._unit.now, "who": self._unit.actor})
        await _LINES.run(self._unit, [line_values(item_code, number, n, line) for n, line in enumerate(kept.lines)])
        known = await self.lock()
        bom = with_version(known.boms.get(item_code, Bom(item_code, ())), kept)
        self._catalogue = replace(known, boms={**known.boms, item_code: bom})
        return kept

    async def _rise(self) -> int:
        return int((await self._unit.execute(_RISE)).scalar_one())


def initials(name: str) -> str:
    """Return the first letters of a name's pinyin, for search by keyboard."""
    return pinyin.initials(name)[:200]
