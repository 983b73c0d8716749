"""Values the use cases pass around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """What one shipment (or return) moved of one order line."""

    order_number: str
    line_no: int
    item_code: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """The copy of a shipment. `told` is true when inventory's event brought it, so that it counts."""

    id: str
    number: str
    carrier: str
    tracking_numbers: tuple[str, ...]
    shipped_at: datetime
    lines: tuple[ShipmentLine, ...]
    signed_at: datetime | None = None
    signed_by: str = ""
    told: bool = True
    version: int = 1  # of carrier and tracking numbers


@dataclass(frozen=True, slots=True)
class InvoiceTask:
    """An invoice to-do, without its lines: those are the order's."""

    id: UUID
    order_number: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    invoice_no: str = ""
    shipment_number: str = ""  # empty: the whole order, or the rest of it
