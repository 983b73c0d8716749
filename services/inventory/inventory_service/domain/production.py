"""What may still be received of a production order (contract 4, Authority)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from inventory_service.domain.errors import IllegalMove, Refusal
from inventory_service.domain.quantity import ZERO, plain

CANCELLED = "cancelled"
OPEN = "open"
COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Receivable:
    """Copy of a production order. `good` is the total after its last operation, None while it runs."""

    number: str
    order: str
    line_no: int
    item: str
    unit: str
    planned: Decimal
    parent: str = ""
    good: Decimal | None = None
    passed: Decimal = ZERO
    scrapped: Decimal = ZERO
    received: Decimal = ZERO
    state: str = OPEN
    id: str = ""
    traceparent: str = ""
    picks: tuple[tuple[str, Decimal], ...] = ()
    """What the plan takes of each component, as planning said it; not kept here."""

    def limit(self, tolerance: Decimal) -> Decimal:
        """Return how much may be received at most: what passed, and a share more."""
        return self.passed * (1 + tolerance)

    def accepts(self, quantity: Decimal, tolerance: Decimal) -> bool:
        """True when `quantity` more may be received."""
        return self.state != CANCELLED and self.received + quantity <= self.limit(tolerance)

    @property
    def is_known(self) -> bool:
        """False while only an inspection or a cancellation was heard of, not the plan."""
        return self.planned > 0

    @property
    def is_last(self) -> bool:
        """True when no more pieces are to come: everything planned, or everything good, is received or scrapped."""
        if not self.is_known or self.received < self.passed:
            return False
        return self.received >= self.planned or bool(self.good and self.passed + self.scrapped >= self.good)

    def refusal(self, quantity: Decimal) -> Refusal:
        """Return why `quantity` can't be received now, with the numbers."""
        if self.state == CANCELLED:
            return IllegalMove("PRODUCTION_ORDER_CANCELLED", production_order=self.number)
        if self.passed == 0:
            return IllegalMove("NOT_INSPECTED", production_order=self.number, item=self.item)
        return IllegalMove(
            "OVER_RECEIPT", production_order=self.number, item=self.item, wanted=plain(quantity), passed=plain(self.passed),
            received=plain(self.received), remaining=plain(max(ZERO, self.passed - self.received)), unit=self.unit,
        )  # fmt: skip
