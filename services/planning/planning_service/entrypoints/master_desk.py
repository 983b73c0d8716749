"""What every call of the item master shares."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.clock import Clock
from chassis.commands import Commands
from chassis.database import Database
from planning_service.adapters.catalogue_cache import CatalogueCache
from planning_service.app.ports import Stock
from planning_service.domain.catalogue import Catalogue


@dataclass
class MasterDesk:
    """Database, catalogue, and inventory for previews."""

    database: Database
    commands: Commands
    cache: CatalogueCache
    stock: Stock
    clock: Clock

    async def catalogue(self) -> Catalogue:
        """Return the item master as it is now."""
        async with self.database.read() as reader:
            return await self.cache.snapshot(reader)
