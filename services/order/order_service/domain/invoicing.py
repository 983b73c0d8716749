"""What an invoice task asks for: one shipment, the whole order, or the rest of it (S55, S59)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from order_service.domain.quantity import ZERO

WHEN_COMPLETE, PER_SHIPMENT = "when_complete", "per_shipment"
POLICIES = (WHEN_COMPLETE, PER_SHIPMENT)
WHOLE = ""  # where a shipment number would stand: the whole order, or what no shipment's task asks for
Quantities = Mapping[int, Decimal]  # by line number


@dataclass(frozen=True, slots=True)
class Part:
    """One line of one shipment: what the customer kept of it, and what the shipment's own task invoiced of it."""

    shipment: str
    line_no: int
    kept: Decimal
    task_id: UUID | None = None
    invoiced: Decimal = ZERO

    @property
    def due(self) -> Decimal:
        return self.kept - self.invoiced


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back of one line and no shipment answers for yet."""

    number: str
    line_no: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """What one return took back of one shipment's line."""

    number: str
    line_no: int
    shipment: str
    quantity: Decimal


def share_returns(returned: Iterable[Returned], parts: Sequence[Part]) -> list[Share]:
    """Lay returns on shipments, the newest first; `parts` in order of shipping."""
    kept = {(part.shipment, part.line_no): part.kept for part in parts}
    shares = []
    for back in returned:
        left = back.quantity
        for shipment, line_no in [key for key in reversed(kept) if key[1] == back.line_no]:
            taken = min(left, kept[shipment, line_no])
            if taken > 0:
                shares.append(Share(back.number, line_no, shipment, taken))
                kept[shipment, line_no] -= taken
                left -= taken
    return shares


def due_of(shipment: str, to_invoice: Quantities, parts: Sequence[Part]) -> dict[int, Decimal]:
    """Return what a task still asks for, by line; `to_invoice` is the order's net shipped less all that is invoiced."""
    if shipment != WHOLE:
        return {part.line_no: part.due for part in parts if part.shipment == shipment and part.due}
    rest = dict(to_invoice)
    for part in parts:
        if part.task_id is not None:
            rest[part.line_no] = rest.get(part.line_no, ZERO) - part.due
    return {line_no: quantity for line_no, quantity in rest.items() if quantity}


def untold_shipments(parts: Sequence[Part]) -> list[str]:
    """Return the shipments of which something stays and that have no task, in order of shipping."""
    return list(dict.fromkeys(part.shipment for part in parts if part.task_id is None and part.kept > 0))
