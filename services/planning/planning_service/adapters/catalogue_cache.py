"""The item master in memory: one cheap query tells whether it is still true, changed rows alone are read again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any, Protocol

from chassis.sql import Statement, text
from planning_service.adapters.master_rows import ITEM_COLUMNS, item_of, line_of, routing_of, unit_of, version_of
from planning_service.domain.bom import Bom, BomLine
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.structure_shelf import StructureShelf
from planning_service.domain.units import UnitCatalogue

_EPOCH = text("SELECT epoch FROM catalogue_epoch")
_CHANGED = text("""
SELECT epoch, EXISTS (SELECT 1 FROM bom WHERE epoch > :known) AS boms, EXISTS (SELECT 1 FROM item WHERE epoch > :known) AS items,
       EXISTS (SELECT 1 FROM routing WHERE epoch > :known) AS routings
FROM catalogue_epoch
""")
_UNITS = text("SELECT code, dimension, scale, whole_units FROM unit ORDER BY position")
_ITEMS = text(f"SELECT {ITEM_COLUMNS} FROM item WHERE epoch > :known")  # noqa: S608  constants
_ROUTINGS = text("SELECT code, operations, version FROM routing WHERE epoch > :known")
_BOMS = text("""
SELECT item_code, version, effective_from, effective_to, base_quantity, routing_code, content_hash FROM bom
WHERE NOT superseded AND item_code IN (SELECT item_code FROM bom WHERE epoch > :known)
""")
_LINES = text("""
SELECT l.item_code, l.version, l.position, l.component, l.quantity_per, l.unit, l.scrap_rate, l.setup_quantity,
       l.rounding_multiple, l.alternates, l.effective_from, l.effective_to, l.supply
FROM bom_line l JOIN bom b USING (item_code, version)
WHERE NOT b.superseded AND b.item_code IN (SELECT item_code FROM bom WHERE epoch > :known)
ORDER BY l.item_code, l.version, l.row_no
""")


EMPTY = Catalogue({}, {}, UnitCatalogue(()), revision=-1)


class Reader(Protocol):
    """A connection or a unit of work: what can run a query."""

    async def execute(self, statement: Statement, params: Any = None) -> Any:
        """Run one statement."""
        ...


class CatalogueCache:
    """Gives snapshots of the item master; each is immutable and as new as the moment it was asked for."""

    def __init__(self) -> None:
        self.shelf = StructureShelf()
        self._snapshot = EMPTY
        self._loading = asyncio.Lock()

    async def snapshot(self, reader: Reader) -> Catalogue:
        """Return the catalogue as the reader sees it now."""
        return await self.as_of((await reader.execute(_EPOCH)).scalar_one(), reader)

    async def as_of(self, epoch: int, reader: Reader) -> Catalogue:
        """Return the catalogue at an epoch the reader has just seen, or newer."""
        if epoch != self._snapshot.revision:
            async with self._loading:
                await self._load(reader)
        return self._snapshot

    def structures(self, catalogue: Catalogue) -> StructureShelf:
        """Return the compiled structures of a snapshot."""
        return self.shelf.at(catalogue.revision)

    async def _load(self, reader: Reader) -> None:
        """Read what changed. The epoch is read first, so a change in between is read again next time, never missed."""
        old = self._snapshot
        known = {"known": old.revision}
        news = (await reader.execute(_CHANGED, known)).one()
        if news.epoch == old.revision:
            return
        boms = await self._boms(reader, known) if news.boms else {}
        found = list(await reader.execute(_ROUTINGS, known)) if news.routings or news.boms else []
        routings = {row.code: routing_of(row) for row in found}
        rows = list(await reader.execute(_ITEMS, known)) if news.items or news.boms else []
        changed = {row.code: item_of(row) for row in rows}
        items = {**old.items, **changed}
        self._snapshot = Catalogue(
            items=items,
            boms={**old.boms, **boms},
            units=old.units if old.revision >= 0 else await self._units(reader),
            routings={**old.routings, **routings},
            aliases={alias: item.code for item in items.values() for alias in item.aliases},
            versions={**old.versions, **{row.code: row.version for row in rows}},
            revision=news.epoch,
        )

    @staticmethod
    async def _units(reader: Reader) -> UnitCatalogue:
        return UnitCatalogue(unit_of(row) for row in await reader.execute(_UNITS))

    @staticmethod
    async def _boms(reader: Reader, known: dict[str, int]) -> dict[str, Bom]:
        lines: dict[tuple[str, int], list[BomLine]] = defaultdict(list)
        heads = list(await reader.execute(_BOMS, known))
        if heads:
            for row in await reader.execute(_LINES, known):
                lines[(row.item_code, row.version)].append(line_of(row))
        versions = defaultdict(list)
        for row in heads:
            versions[row.item_code].append(version_of(row, lines[(row.item_code, row.version)]))
        return {code: Bom(code, tuple(found)) for code, found in versions.items()}
