"""One order line: every quantity is a fact of its own, in the item's stock unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from order_service.domain.lifecycle import LineFacts
from order_service.domain.quantity import ZERO


@dataclass(slots=True)
class Line:
    """What was ordered and what became of it."""

    line_no: int
    item_code: str
    item_name: str
    quantity: Decimal
    unit: str
    due_date: date
    due_date_inherited: bool
    unit_price: Decimal | None
    entered_quantity: Decimal
    entered_unit: str
    planned_quantity: Decimal = ZERO
    received_quantity: Decimal = ZERO
    shipped_quantity: Decimal = ZERO
    returned_quantity: Decimal = ZERO
    invoiced_quantity: Decimal = ZERO
    signed_quantity: Decimal = ZERO
    cancelled_quantity: Decimal = ZERO

    @property
    def ordered(self) -> Decimal:
        """The quantity that still counts."""
        return self.quantity - self.cancelled_quantity

    @property
    def net_shipped(self) -> Decimal:
        return self.shipped_quantity - self.returned_quantity

    @property
    def to_invoice(self) -> Decimal:
        """What stays with the customer and is not invoiced; negative after a return of invoiced goods."""
        return self.net_shipped - self.invoiced_quantity

    def facts(self) -> LineFacts:
        return LineFacts(
            self.ordered, self.shipped_quantity, self.returned_quantity, self.signed_quantity, self.invoiced_quantity
        )

    def cancel_rest(self) -> None:
        """Nothing more will be delivered; what was shipped stays ordered."""
        self.cancelled_quantity = self.quantity - min(self.quantity, max(self.net_shipped, ZERO))


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of the facts of one line."""

    received: Decimal = ZERO
    shipped: Decimal = ZERO
    returned: Decimal = ZERO
    signed: Decimal = ZERO
    invoiced: Decimal = ZERO
