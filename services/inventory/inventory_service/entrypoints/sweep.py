"""Frees soft holds whose time is over, once a minute."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

import structlog

from chassis.database import Database
from chassis.ids import uuid7
from inventory_service.adapters.warehouse import Warehouses
from inventory_service.app.hold_for_intent import release_expired

EVERY_SECONDS = 60.0
log = structlog.get_logger()


@dataclass(frozen=True)
class Sweep:
    """One order in one transaction; what fails is tried again a minute later."""

    database: Database
    warehouses: Warehouses

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop`."""
        while not stop.is_set():
            try:
                await self.once()
            except Exception as error:
                log.warning("sweep_failed", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)

    async def once(self) -> int:
        """Free every expired hold; return how many orders had one."""
        async with self.database.transaction(who="service:inventory") as unit:
            orders = await self.warehouses.of(unit).reservations.expired(unit.now)
        for order in orders:
            async with self.database.transaction(who="service:inventory") as unit:
                await release_expired(self.warehouses.of(unit), order, str(uuid7()))
        return len(orders)
