"""What may still be shipped of an order's lines (contract 4, Authority)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from inventory_service.domain.quantity import ZERO

MAX_PARCELS = 100  # tracking numbers of one shipment
SHIPPABLE_STATES = ("confirmed", "planned", "in_production", "part_shipped", "shipped", "signed", "closed")
UNCONFIRMED_STATES = ("draft", "submitted", "needs_capacity_confirmation", "suspected_duplicate")
ENDED_STATES = ("cancelled", "closed_short")


@dataclass(frozen=True, slots=True)
class Shippable:
    """One order line: ordered net of what was cancelled; shipped and returned are this service's own facts."""

    line_no: int
    item: str
    unit: str
    ordered: Decimal
    shipped: Decimal = ZERO
    returned: Decimal = ZERO

    @property
    def net_shipped(self) -> Decimal:
        return self.shipped - self.returned

    @property
    def remaining(self) -> Decimal:
        return max(ZERO, self.ordered - self.net_shipped)


@dataclass(frozen=True, slots=True)
class OrderCopy:
    """What inventory knows of a customer order."""

    number: str
    state: str
    id: str = ""
    urgency: str = "green"
    ship_on_receipt: bool = False
    traceparent: str = ""
    lines: tuple[Shippable, ...] = field(default=())

    def line(self, line_no: int) -> Shippable | None:
        return next((line for line in self.lines if line.line_no == line_no), None)

    @property
    def may_ship(self) -> bool:
        return self.state in SHIPPABLE_STATES
