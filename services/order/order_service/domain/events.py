"""What happened to an order; the order itself stands beside when it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OrderSubmitted:
    """An order was entered."""


@dataclass(frozen=True, slots=True)
class CapacityConfirmationRequested:
    """The due date is so near that planning must confirm capacity (S25)."""

    notice_days: int


@dataclass(frozen=True, slots=True)
class CapacityConfirmed:
    """Planning confirmed capacity."""

    note: str


@dataclass(frozen=True, slots=True)
class OrderConfirmed:
    """The order is firm and may be planned."""


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """Fields of the order changed."""

    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """The order ended early; closed short when something was shipped (X13)."""

    reason: str


@dataclass(frozen=True, slots=True)
class OrderHeld:
    """Work on the order stops for now."""

    reason: str


@dataclass(frozen=True, slots=True)
class OrderResumed:
    """Work on the order goes on."""


@dataclass(frozen=True, slots=True)
class DuplicateSuspected:
    """The order looks like one entered before (S9)."""

    twin_order_number: str
    twin_sales_owner: str


@dataclass(frozen=True, slots=True)
class DuplicateReleased:
    """A person said that it is an order of its own; told as OrderChanged."""

    twin_order_number: str


@dataclass(frozen=True, slots=True)
class OrderPartlyShipped:
    """A shipment left, more is to come."""

    shipment_number: str
    tracking_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderFullyShipped:
    """Everything live has left (S56)."""

    tracking_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderSigned:
    """The customer signed for everything."""

    signed_at: datetime
    signed_by: str


@dataclass(frozen=True, slots=True)
class InvoiceTaskOpened:
    """Finance has something to invoice (S55): of one shipment, or of the whole order when that is empty."""

    invoice_task_id: str
    shipment_number: str = ""
    due: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvoiceTaskOverdue:
    """Finance left a task open for longer than agreed (S59)."""

    invoice_task_id: str
    due_days: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceRecorded:
    """Finance wrote an invoice number back."""

    invoice_task_id: str
    invoice_no: str


@dataclass(frozen=True, slots=True)
class ComplaintRecorded:
    """A customer complained (S88); the words themselves are not told."""

    complaint_id: str
    kind: str
    stage: str
    complained_at: datetime


@dataclass(frozen=True, slots=True)
class ComplaintClosed:
    """A complaint was answered."""

    complaint_id: str
    kind: str
    stage: str
    closed_at: datetime


Event = (
    OrderSubmitted | CapacityConfirmationRequested | CapacityConfirmed | OrderConfirmed | OrderChanged | OrderCancelled
    | OrderHeld | OrderResumed | DuplicateSuspected | DuplicateReleased | OrderPartlyShipped | OrderFullyShipped
    | OrderSigned | InvoiceTaskOpened | InvoiceTaskOverdue | InvoiceRecorded | ComplaintRecorded | ComplaintClosed
)  # fmt: skip
