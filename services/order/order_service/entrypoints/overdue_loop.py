"""Looks for overdue invoice tasks once a minute; any number of replicas may look."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from chassis.database import Database
from order_service.adapters.invoices import InvoiceRepository, find_overdue
from order_service.adapters.orders import OrderRepository
from order_service.app.tell_overdue import tell_overdue

EVERY_SECONDS = 60.0
log = structlog.get_logger()


class OverdueWatch:
    """Tells each overdue task once."""

    def __init__(self, database: Database, due_days: int) -> None:
        self._database = database
        self._due_days = due_days

    async def look(self) -> int:
        """Tell what became overdue; return how many."""
        async with self._database.read() as connection:
            due = await find_overdue(connection, self._database.clock.now(), self._due_days)
        told = 0
        for task_id, number in due:
            async with self._database.transaction(who="service:order") as unit:
                told += await tell_overdue(
                    number, task_id, self._due_days, orders=OrderRepository(unit), invoices=InvoiceRepository(unit),
                    now=unit.now,
                )  # fmt: skip
        return told

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`; a database that is away is looked at again a minute later."""
        while not stop.is_set():
            try:
                await self.look()
            except Exception as error:
                log.warning("overdue_look_failed", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
