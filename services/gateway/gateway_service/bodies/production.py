"""Production orders and scans as requests say them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from gateway_service.bodies.base import INT32, Body, Code, Count, Key, LineNo, Page, Quantity

ProductionOrderState = Literal[
    "created", "dispatched", "in_progress", "awaiting_inspection", "received", "completed",
    "on_hold", "rework", "cancelled", "closed_short",
]  # fmt: skip


class ProductionOrderFilter(Page):
    """Filters of the production order list."""

    order: Annotated[str, Field(max_length=64)] = ""
    state: Literal[ProductionOrderState, ""] = ""
    work_center: Annotated[str, Field(max_length=64)] = ""
    team: Annotated[str, Field(max_length=64)] = ""
    sort: Literal["newest", "priority", ""] = ""
    changed: bool = False
    """Only those with changes nobody has acknowledged, dead ones too."""


class ChangedLineBody(Body):
    """How much of a line would be wanted in all; 0 cancels it."""

    line_no: LineNo
    quantity: Quantity


class ChangeBody(Body):
    """A change to look at before it is made; lines not named stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lines": [{"line_no": 1, "quantity": "3"}]}]})

    lines: Annotated[list[ChangedLineBody], Field(min_length=1, max_length=500)]


class RankBody(Body):
    """The planner's rank: 1 is first, 0 takes it away."""

    rank: Annotated[int, Field(ge=0, le=INT32, examples=[1])]
    reason: Annotated[str, Field(max_length=500)] = ""


class PlansBody(Body):
    """Orders to plan as one job."""

    orders: Annotated[list[Key], Field(min_length=1, max_length=5000)]


class ShortageListFilter(Page):
    """Every short item, or one."""

    item_code: Annotated[str, Field(max_length=64)] = ""


class RefusedItemsBody(Body):
    """Items a customer does not take in place of others; all of them."""

    item_codes: Annotated[list[Code], Field(max_length=500)]


class ShortageFilter(Body):
    """One item, or every short one."""

    item_code: Annotated[str, Field(max_length=64)] = ""


class DispatchBody(Body):
    """Which team makes it."""

    team: Annotated[str, Field(max_length=64, examples=["motor team 1"])] = ""


class InspectBody(Body):
    """What the inspection found."""

    passed: Quantity
    rework: Quantity | None = None
    scrapped: Quantity | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    rework_operation: Count | None = None
    """Sequence of the operation reworked pieces start again at; the last one unless given."""


KEPT = 200  # letters of what a device sent; longer is no code, time or number anyway


def _as_sent(value: Any) -> str:
    return (value if isinstance(value, str) else str(value))[:KEPT]


AsSent = Annotated[
    str,
    BeforeValidator(_as_sent),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["2"]}),
]
TextAsSent = Annotated[str, BeforeValidator(_as_sent), WithJsonSchema({"type": "string"})]
ActionAsSent = Annotated[
    str, BeforeValidator(_as_sent), WithJsonSchema({"type": "string", "enum": ["start", "finish"], "default": "finish"})
]


EXAMPLE: dict[str, Any] = {
    "scan_id": "0192f0c1-2b7e-7c11-9a55-7a1d3c5e0002",
    "code": "PO20261122-0001",
    "device_id": "tablet-1",
    "occurred_at": "2026-11-22T10:00:00+08:00",
    "action": "finish",
    "quantity": 2,
}


class ScanBody(Body):
    """One report from a device. A bad one gets a verdict, not an error, so that it never blocks the others."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    scan_id: Annotated[str, Field(min_length=1, max_length=128)]
    code: TextAsSent
    device_id: Annotated[str, Field(min_length=1, max_length=128)]
    occurred_at: TextAsSent
    action: ActionAsSent = "finish"
    operation_sequence: Count | None = None
    quantity: AsSent | None = None
    scrap: AsSent | None = None
    serial: TextAsSent | None = None


class ScanBatchBody(Body):
    """Scans of one device in the order they shall be judged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scans": [EXAMPLE]}]})

    scans: Annotated[list[ScanBody], Field(min_length=1, max_length=500)]
