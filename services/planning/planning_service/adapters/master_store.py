"""The item master in one transaction. The epoch row is the mutex: one writer at a time, so halves of a loop meet."""

from __future__ import annotations

from collections.abc import Mapping
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
UPDATE bom b SET superseded = true, epoch = :epoch
FROM unnest(CAST(:codes AS text[]), CAST(:starts AS date[])) AS t (code, start)
WHERE b.item_code = t.code AND NOT b.superseded AND b.effective_from IS NOT DISTINCT FROM t.start
""")
_VERSIONS = text("""
SELECT item_code, max(version) AS latest FROM bom WHERE item_code = ANY (CAST(:codes AS text[])) GROUP BY item_code
""")
_BOMS = BulkInsert(
    "bom",
    {
        "item_code": "text", "version": "bigint", "effective_from": "date", "effective_to": "date", "base_quantity": "numeric",
        "routing_code": "text", "content_hash": "text", "epoch": "bigint", "created_at": "timestamptz", "created_by": "text",
    },
)  # fmt: skip
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

    async def save_boms(self, bills: Mapping[str, BomVersion]) -> dict[str, BomVersion]:
        """Keep a version of each bill under its next number; the one of the same start is superseded, its lines stay."""
        if not bills:
            return {}
        epoch, codes = await self._rise(), list(bills)
        starts = [version.effective.start for version in bills.values()]
        await self._unit.execute(_SUPERSEDE, {"codes": codes, "starts": starts, "epoch": epoch})
        latest = {row.item_code: row.latest for row in await self._unit.execute(_VERSIONS, {"codes": codes})}
        kept = {code: replace(version, version=latest.get(code, 0) + 1) for code, version in bills.items()}
        await _BOMS.run(self._unit, [self._head(code, version, epoch) for code, version in kept.items()])
        lines = [line_values(code, v.version, n, line) for code, v in kept.items() for n, line in enumerate(v.lines)]
        await _LINES.run(self._unit, lines)
        known = await self.lock()
        changed = {code: with_version(known.boms.get(code, Bom(code, ())), version) for code, version in kept.items()}
        self._catalogue = replace(known, boms={**known.boms, **changed})
        return kept

    def _head(self, code: str, version: BomVersion, epoch: int) -> dict[str, Any]:
        return {
            "item_code": code, "version": version.version, "effective_from": version.effective.start,
            "effective_to": version.effective.end, "base_quantity": version.base_quantity, "routing_code": version.routing_code,
            "content_hash": version.content_hash(), "epoch": epoch, "created_at": self._unit.now, "created_by": self._unit.actor,
        }  # fmt: skip

    async def _rise(self) -> int:
        return int((await self._unit.execute(_RISE)).scalar_one())


def initials(name: str) -> str:
    """Return the first letters of a name's pinyin, for search by keyboard."""
    return pinyin.initials(name)[:200]
