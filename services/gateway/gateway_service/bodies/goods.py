"""Stock, receipts, issues, shipments and returns as requests say them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import Body, CivilDate, Code, Instant, Key, LineNo, Page, Quantity, Short, Unit


class StockLineBody(Body):
    """How much of which item."""

    item_code: Code
    quantity: Quantity
    unit: Unit | None = None


class MovementLineBody(StockLineBody):
    """A line of a movement; a receipt may name the delivery it was announced by."""

    expected_receipt: Key | None = None


class MovementBody(Body):
    """A movement of stock; a repeated `movement_id` is counted once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "receipt",
                    "lines": [{"item_code": "COPPER-WIRE", "quantity": "5", "unit": "m"}],
                    "reason": "delivered by the supplier",
                },
            ]
        }
    )

    movement_id: Key | None = None
    kind: Literal["receipt", "issue", "adjustment", "count", "quarantine", "release"]
    lines: Annotated[list[MovementLineBody], Field(min_length=1, max_length=500)]
    reason: Annotated[str, Field(max_length=500)] = ""


class StockSheetFilter(Body):
    """Which items a stock sheet holds."""

    q: Annotated[str, Field(max_length=100)] = ""
    view: Literal["", "stocked", "below_safety", "short"] = ""


class StockFilter(Page, StockSheetFilter):
    """Filters of the stock list; several codes are joined by commas."""

    item_code: Annotated[str, Field(max_length=4000)] = ""


class ExpectedReceiptBody(Body):
    """A delivery a supplier has promised."""

    item_code: Code
    quantity: Quantity
    unit: Unit | None = None
    due_date: CivilDate
    supplier: Short = ""
    reference: Annotated[str, Field(max_length=200, examples=["PUR-2026-117"])] = ""
    note: Annotated[str, Field(max_length=500)] = ""


class ExpectedReceiptPatch(Body):
    """What changes of an expected receipt; the quantity in the item's stock unit, `cancelled` when no more will come."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"due_date": "2026-12-05"}]})

    quantity: Quantity | None = None
    due_date: CivilDate | None = None
    supplier: Short | None = None
    reference: Short | None = None
    note: Annotated[str, Field(max_length=500)] | None = None
    cancelled: bool | None = None


class ExpectedReceiptFilter(Page):
    """Filters of the expected receipts; several codes are joined by commas."""

    item_code: Annotated[str, Field(max_length=4000)] = ""
    state: Literal["", "open", "late", "expected", "part_received", "received", "cancelled"] = ""


class IssueBody(Body):
    """Components given out against a production order's pick list."""

    scan_id: Key | None = None
    production_order: Key
    lines: Annotated[list[StockLineBody], Field(min_length=1, max_length=500)]
    override_reason: Annotated[str, Field(max_length=500)] | None = None


class ReceiptBody(Body):
    """Finished goods received from a production order."""

    scan_id: Key | None = None
    production_order: Annotated[str, Field(min_length=1, max_length=128, examples=["PO20261122-0001"])]
    quantity: Quantity
    override_reason: Annotated[str, Field(max_length=500)] | None = None


class ShipmentLineBody(Body):
    """How much of which order line."""

    order: Annotated[str, Field(min_length=1, max_length=128, examples=["SO20261122-0001"])]
    line_no: LineNo
    quantity: Quantity


class ShipmentBody(Body):
    """Goods leaving the factory."""

    scan_id: Key | None = None
    lines: Annotated[list[ShipmentLineBody], Field(min_length=1, max_length=500)]
    carrier: Annotated[str, Field(max_length=100, examples=["SF Express"])] | None = None
    tracking_numbers: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=50, examples=[["SF123456789"]])
    ] = Field(default_factory=list)


class ShipmentPatch(Body):
    """What the carrier said after the goods left; `tracking_numbers` are all there are."""

    carrier: Annotated[str, Field(max_length=100, examples=["SF Express"])] | None = None
    tracking_numbers: (
        Annotated[
            list[Annotated[str, Field(min_length=1, max_length=64)]],
            Field(max_length=50, examples=[["SF123456789", "SF123456790"]]),
        ]
        | None
    ) = None


class ReturnBody(Body):
    """Goods coming back."""

    scan_id: Key | None = None
    lines: Annotated[list[ShipmentLineBody], Field(min_length=1, max_length=500)]
    reason: Annotated[str, Field(max_length=500)] = ""
    quarantine: bool = False


class SignBody(Body):
    """Who signed for a delivery, and when; now without a time."""

    signed_by: Annotated[str, Field(max_length=100)] = ""
    signed_at: Instant | None = None


class TakeBody(Body):
    """Why the stock of others is taken; kept beside each of them."""

    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["agreed with sales"])]


class GoodsFilter(Page):
    """Filters of receipts and shipments."""

    order: Annotated[str, Field(max_length=64)] = ""
    production_order: Annotated[str, Field(max_length=64)] = ""
