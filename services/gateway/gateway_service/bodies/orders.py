"""Orders and customers as requests say them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import Body, CivilDate, Instant, Key, LineNo, Name, Note, Page, Quantity, Short, Unit

Urgency = Literal["red", "yellow", "green"]
InvoicePolicy = Literal["when_complete", "per_shipment"]  # what opens an invoice task (S55)
OrderState = Literal[
    "draft", "submitted", "needs_capacity_confirmation", "suspected_duplicate", "confirmed", "planned",
    "in_production", "part_shipped", "shipped", "signed", "closed", "on_hold", "cancelled", "closed_short",
]  # fmt: skip


class ContactBody(Body):
    """A person at a customer."""

    name: Annotated[str, Field(min_length=1, max_length=100, examples=["Wang Wei"])]
    phone: Annotated[str, Field(max_length=40, examples=["13800138000"])] = ""


class OrderContactBody(Body):
    """The contact of an order; either part may be enough to find them."""

    name: Annotated[str, Field(max_length=100)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""


class CustomerBody(Body):
    """A new customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Qiming Motors",
                    "tier": "A",
                    "credit_code": "91320594MA1XXXXX0X",
                    "contacts": [{"name": "Wang Wei", "phone": "138 0013 8000"}],
                }
            ]
        }
    )

    name: Name
    tier: Annotated[str, Field(max_length=20)] | None = None
    credit_code: Annotated[str, Field(max_length=40)] | None = None
    contacts: Annotated[list[ContactBody], Field(max_length=50)] = Field(default_factory=list)
    invoice_policy: InvoicePolicy = "when_complete"


class CustomerPatch(Body):
    """Changes of a customer: only the fields named here change."""

    name: Name | None = None
    tier: Annotated[str, Field(max_length=20)] | None = None
    credit_code: Annotated[str, Field(max_length=40)] | None = None
    contacts: Annotated[list[ContactBody], Field(max_length=50)] | None = None
    invoice_policy: InvoicePolicy | None = None


class RecipientBody(Body):
    """Where a customer is reached; an empty address takes it away."""

    address: Annotated[str, Field(max_length=200, examples=["oX1a2b3c4d5e6f7g8h9i0"])]


class MergeBody(Body):
    """The customer whose orders and contacts move over."""

    absorbed_id: Key


class CustomerFilter(Page):
    """Filters of the customer list."""

    phone: Annotated[str, Field(max_length=40)] = ""
    q: Short = ""


class OrderLineBody(Body):
    """One line as a person enters it; without a date it inherits the order's."""

    item_code: Annotated[str, Field(min_length=1, max_length=64, examples=["MOTOR-A"])]
    quantity: Quantity
    unit: Unit | None = None
    due_date: CivilDate | None = None
    unit_price: Quantity | None = None


class RevisedLineBody(OrderLineBody):
    """One line of the new set; without a number it is added."""

    line_no: LineNo | None = None


class OrderBody(Body):
    """A new order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_id": "0192f0c1-2b7e-7c11-9a55-7a1d3c5e0001",
                    "channel": "wechat",
                    "source_ref": "QM20260215",
                    "due_date": "2026-12-01",
                    "urgency": "yellow",
                    "lines": [{"item_code": "MOTOR-A", "quantity": 2}, {"item_code": "CABLE-C", "quantity": "5"}],
                }
            ]
        }
    )

    customer_id: Key
    contact: OrderContactBody | None = None
    channel: Annotated[str, Field(min_length=1, max_length=40, examples=["wechat"])]
    source_ref: Annotated[str, Field(max_length=100)] | None = None
    due_date: CivilDate
    urgency: Urgency = "green"
    sales_owner: Annotated[str, Field(max_length=64)] | None = None
    kind: Literal["firm", "intent"] = "firm"
    ship_on_receipt: bool = False
    note: Note | None = None
    attachment_ids: Annotated[list[Key], Field(max_length=50)] = Field(default_factory=list)
    confirm: bool = False
    inquired_at: Instant | None = None
    quoted_at: Instant | None = None
    lines: Annotated[list[OrderLineBody], Field(min_length=1, max_length=500)]


class OrderPatch(Body):
    """Changes of an order: only the fields named here change; `lines` is the whole new set."""

    contact: OrderContactBody | None = None
    source_ref: Annotated[str, Field(max_length=100)] | None = None
    due_date: CivilDate | None = None
    urgency: Urgency | None = None
    sales_owner: Annotated[str, Field(max_length=64)] | None = None
    note: Note | None = None
    attachment_ids: Annotated[list[Key], Field(max_length=50)] | None = None
    ship_on_receipt: bool | None = None
    inquired_at: Instant | None = None
    quoted_at: Instant | None = None
    lines: Annotated[list[RevisedLineBody], Field(min_length=1, max_length=500)] | None = None


class OrderFilter(Page):
    """Filters of the order list."""

    state: Annotated[
        Literal[OrderState, "open", ""], Field(description="`open`: any state in which goods are still to go out.")
    ] = ""
    urgency: Literal[Urgency, ""] = ""
    channel: Annotated[str, Field(max_length=40)] = ""
    customer_id: Annotated[str, Field(max_length=128)] = ""
    q: Short = ""
    due_before: CivilDate | None = None
    sort: Annotated[
        Literal["", "created_at", "due_date", "-due_date"],
        Field(description="Without it the newest first; `created_at`: the oldest, `due_date`: the soonest first."),
    ] = ""


class ReasonBody(Body):
    """Why: kept in the timeline."""

    reason: Annotated[str, Field(max_length=500, examples=["customer withdrew"])] = ""


class ChannelBody(Body):
    """Whether orders may still come in by this channel, and what people call it; a name left out stays."""

    active: Annotated[bool, Field(examples=[True])] = True
    name: Annotated[str | None, Field(max_length=40, examples=["Douyin shop"])] = None


class CancelBody(Body):
    """Why an order is cancelled; needed."""

    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["customer withdrew"])]


class CapacityBody(Body):
    """What was agreed about capacity."""

    note: Annotated[str, Field(max_length=500, examples=["extra shift agreed"])] = ""


class InvoiceLineBody(Body):
    """What one line was invoiced for."""

    line_no: LineNo
    quantity: Quantity


class InvoiceBody(Body):
    """An invoice as it was written; without lines the task's own."""

    invoice_no: Annotated[str, Field(min_length=1, max_length=64, examples=["25312000000012345678"])]
    lines: Annotated[list[InvoiceLineBody], Field(max_length=500)] = Field(default_factory=list)


class InvoiceTaskFilter(Page):
    """Filters of the invoice to-dos."""

    state: Literal["open", "done", ""] = ""
    order: Annotated[str, Field(max_length=64)] = ""
