"""What a supplier has promised to bring of one item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from inventory_service.domain.quantity import ZERO

OPEN_STATES = ("expected", "part_received")
STATES = (*OPEN_STATES, "received", "cancelled")


@dataclass(frozen=True, slots=True)
class ExpectedReceipt:
    """One delivery; quantities in the item's stock unit. More may come than was promised."""

    id: str
    number: str
    item: str
    quantity: Decimal
    due: date
    actor: str
    created_at: datetime
    supplier: str = ""
    reference: str = ""
    note: str = ""
    received: Decimal = ZERO
    cancelled: bool = False
    version: int = 1

    @property
    def open(self) -> Decimal:
        """Return what is still to come."""
        return ZERO if self.cancelled else max(ZERO, self.quantity - self.received)

    @property
    def state(self) -> str:
        """Return the state, derived from the facts."""
        if self.received >= self.quantity:
            return "received"
        if self.cancelled:
            return "cancelled"
        return "part_received" if self.received > 0 else "expected"

    def is_late(self, today: date) -> bool:
        """True when it was due before today and is still open."""
        return self.open > 0 and self.due < today
