"""Items, routings and bills of materials as requests say them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import Body, CivilDate, Code, Count, LineNo, Name, Page, Quantity, Short, Unit

Supply = Literal["make", "buy", "phantom"]


class ItemUnitBody(Body):
    """One `unit` is `factor` stock units of the item, exactly."""

    unit: Unit
    factor: Quantity


class ItemBody(Body):
    """An item as it shall stand."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Copper wire",
                    "unit": "m",
                    "supply": "buy",
                    "safety_stock": "20",
                    "lead_time_days": 7,
                    "units": [{"unit": "kg", "factor": 100}],
                }
            ]
        }
    )

    name: Name
    unit: Unit
    supply: Supply
    whole_units: bool | None = None
    safety_stock: Quantity | None = None
    lead_time_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    aliases: Annotated[list[Code], Field(max_length=50)] = Field(default_factory=list)
    units: Annotated[list[ItemUnitBody], Field(max_length=20)] = Field(default_factory=list)
    active: bool | None = None


class ItemFilter(Page):
    """Filters of the item list: code, alias, name or pinyin initials."""

    q: Short = ""


class OperationBody(Body):
    """One operation of a routing."""

    sequence: LineNo
    code: Code
    name: Name
    work_center: Code
    minutes_per_unit: Quantity | None = None
    setup_minutes: Quantity | None = None


class RoutingBody(Body):
    """A routing as it shall stand."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"operations": [{"sequence": 10, "code": "WIND", "name": "Winding", "work_center": "WC-WIND"}]},
            ]
        }
    )

    operations: Annotated[list[OperationBody], Field(min_length=1, max_length=200)]


class AlternateBody(Body):
    """What may stand in for a component."""

    item_code: Code
    priority: Count = 0
    ratio: Quantity = "1"


class BomLineBody(Body):
    """One component of a bill of materials."""

    position: Count | None = None
    component: Code
    quantity_per: Quantity
    unit: Unit | None = None
    scrap_rate: Quantity | None = None
    setup_quantity: Quantity | None = None
    rounding_multiple: Quantity | None = None
    alternates: Annotated[list[AlternateBody], Field(max_length=20)] = Field(default_factory=list)
    effective_from: CivilDate | None = None
    effective_to: CivilDate | None = None
    supply: Supply | None = None


class BomBody(Body):
    """A bill of materials as it shall stand."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"routing_code": "RT-MOTOR", "lines": [{"component": "COPPER-WIRE", "quantity_per": "2.5"}]},
            ]
        }
    )

    routing_code: Code | None = None
    base_quantity: Quantity | None = None
    effective_from: CivilDate | None = None
    effective_to: CivilDate | None = None
    lines: Annotated[list[BomLineBody], Field(min_length=1, max_length=2000)]


class BomFilter(Body):
    """The day whose version is asked for; today without one."""

    date: CivilDate | None = None


class ExplosionFilter(Body):
    """How many, and on which day they are needed; today without one."""

    quantity: Quantity = "1"
    date: CivilDate | None = None


class DiffFilter(Body):
    """Two versions of a bill."""

    model_config = ConfigDict(populate_by_name=True)

    from_version: Annotated[int, Field(ge=1, le=2**31 - 1, alias="from")]
    to_version: Annotated[int, Field(ge=1, le=2**31 - 1, alias="to")]


class ImportFilter(Body):
    """Only look, or write."""

    dry_run: bool = False
