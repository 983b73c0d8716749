"""What inventory does by itself: frees soft holds whose time is over, and looks over its books once a day."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from opentelemetry import metrics

from chassis.database import Database
from chassis.ids import uuid7
from inventory_service.adapters.reconcile import Mismatch, mismatches
from inventory_service.adapters.warehouse import Warehouses
from inventory_service.app.hold_for_intent import release_expired

EVERY_SECONDS = 60.0
DAY = timedelta(days=1)
log = structlog.get_logger()
_mismatches = metrics.get_meter("inventory").create_gauge(
    "stock_mismatches", description="Items whose balance, ledger and reservations disagree; 0 is right"
)


@dataclass(frozen=True)
class Sweep:
    """One order in one transaction; what fails is tried again a minute later."""

    database: Database
    warehouses: Warehouses

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop`."""
        looked: datetime | None = None
        while not stop.is_set():
            try:
                await self.once()
                if looked is None or self.database.clock.now() - looked >= DAY:
                    await self.look_over()
                    looked = self.database.clock.now()
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

    async def look_over(self) -> list[Mismatch]:
        """Report what the books disagree on; a person repairs it by a count."""
        found = await mismatches(self.database)
        _mismatches.set(len(found))
        for one in found:
            log.error("stock_mismatch", check=one.check, item=one.item, said=str(one.said), found=str(one.found))
        return found
