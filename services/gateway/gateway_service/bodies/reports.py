"""Periods and filters of reports as requests say them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import Body, CivilDate, Page
from gateway_service.bodies.orders import Urgency

Hours = Literal["elapsed", "working"]
GroupBy = Literal["week", "month", "customer", "item", "sales_owner", "channel"]
Stage = Literal[
    "quote_to_confirm", "confirm_to_release", "dispatch_to_start", "receipt_to_ship", "release_to_dispatch",
    "production", "inspection", "inspection_to_receipt", "carrier", "waiting_for_material",
]  # fmt: skip


class PeriodFilter(Body):
    """A period of civil dates; without dates the last 90 days."""

    model_config = ConfigDict(populate_by_name=True)

    from_date: Annotated[CivilDate | None, Field(alias="from")] = None
    to_date: Annotated[CivilDate | None, Field(alias="to")] = None


class MonthFilter(Body):
    """One month, `YYYY-MM`."""

    month: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", examples=["2026-11"])]


class LeadTimeFilter(PeriodFilter):
    """The period of a report and how it is grouped."""

    group_by: GroupBy = "week"
    hours: Hours = "elapsed"


class LeadTimeCellFilter(PeriodFilter, Page):
    """One cell of the heat map: a stage, and a group by its `ref`; without a group every order of the period."""

    stage: Stage
    group_by: GroupBy | None = None
    key: Annotated[str, Field(max_length=128)] = ""
    hours: Hours = "elapsed"


class ComparisonFilter(PeriodFilter):
    """A period and the one before it; without the latter as many days right before."""

    before_from: CivilDate | None = None
    before_to: CivilDate | None = None
    hours: Hours = "elapsed"
    group_by: Annotated[
        Literal["customer", "item", "sales_owner", "channel"] | None,
        Field(description="With `key`: only this group's orders."),
    ] = None
    key: Annotated[str, Field(max_length=128, description="A group's `ref` in the heat map.")] = ""


class DeliveryFilter(PeriodFilter):
    """Orders by their due date, narrowed by what is given."""

    urgency: Literal[Urgency, ""] = ""
    customer_id: Annotated[str, Field(max_length=128)] = ""
    channel: Annotated[str, Field(max_length=40)] = ""
    sales_owner: Annotated[str, Field(max_length=64)] = ""


class DeliveryReportFilter(DeliveryFilter):
    """Which orders, and by what they are counted beside the whole and the months."""

    group_by: Literal["channel", "urgency", "sales_owner"] | None = None


class DeliveryOrderFilter(DeliveryFilter, Page):
    """The orders behind a delivery figure."""

    verdict: Literal["on_time", "late", "pending", ""] = ""
    complained: Annotated[bool, Field(description="Only orders a customer complained about.")] = False
