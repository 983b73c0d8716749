"""Binds every repository to one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from chassis.clock import Clock
from chassis.database import Transaction
from inventory_service.adapters.admission import ADMIT
from inventory_service.adapters.documents import SqlDocuments
from inventory_service.adapters.expected_receipts import SqlExpectedReceipts
from inventory_service.adapters.items import SqlItems
from inventory_service.adapters.messages import Messages
from inventory_service.adapters.orders import SqlOrders
from inventory_service.adapters.receivables import SqlReceivables
from inventory_service.adapters.reservations import REALLOCATE, SqlReservations
from inventory_service.adapters.stock import LOCK, SqlStock
from inventory_service.app.ports import Warehouse
from inventory_service.domain.policy import Policy


@dataclass(frozen=True)
class Warehouses:
    """Makes the Warehouse of a transaction; remembers which items have a balance. Tests exchange the SQL."""

    clock: Clock
    policy: Policy
    lock_sql: str = LOCK
    reallocate_sql: str = REALLOCATE
    admit_sql: str = ADMIT
    known_items: set[str] = field(default_factory=set)

    def of(self, unit: Transaction) -> Warehouse:
        """Return the repositories bound to `unit`."""
        return Warehouse(
            stock=SqlStock(unit, self.lock_sql, self.known_items), reservations=SqlReservations(unit, self.reallocate_sql, self.admit_sql),
            receivables=SqlReceivables(unit), orders=SqlOrders(unit), documents=SqlDocuments(unit, self.clock.today()),
            items=SqlItems(unit), expected=SqlExpectedReceipts(unit, self.clock.today()), tell=Messages(unit), policy=self.policy, actor=unit.actor, now=unit.now,
        )  # fmt: skip
