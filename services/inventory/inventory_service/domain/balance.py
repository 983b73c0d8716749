"""The balance of one item: available = on hand - reserved - quarantined (S39)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from inventory_service.domain.quantity import ZERO


@dataclass(frozen=True, slots=True)
class Balance:
    """One item's stock; `safety_stock` is what automatic reservations leave alone (X28)."""

    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    quarantined: Decimal = ZERO
    safety_stock: Decimal = ZERO

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.reserved - self.quarantined

    @property
    def allocatable(self) -> Decimal:
        return max(ZERO, self.available - self.safety_stock)
