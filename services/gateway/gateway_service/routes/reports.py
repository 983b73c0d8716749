"""/reports: reconciliation, lead times, deliveries, invoicing in time"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response
from orderhub.order.v1.finance_pb2 import (
    CompareLeadTimesRequest,
    CompareLeadTimesResponse,
    DeliveryOrder,
    GetDeliveryRequest,
    GetInvoiceTimelinessRequest,
    GetInvoiceTimelinessResponse,
    GetLeadTimesRequest,
    GetReconciliationRequest,
    GetReconciliationResponse,
    LeadTimeOrder,
    ListDeliveryOrdersRequest,
    ListLeadTimeOrdersRequest,
)

from gateway_service import answers
from gateway_service.bodies.reports import (
    ComparisonFilter,
    DeliveryFilter,
    DeliveryOrderFilter,
    DeliveryReportFilter,
    LeadTimeCellFilter,
    LeadTimeFilter,
    MonthFilter,
    PeriodFilter,
)
from gateway_service.clients import unless_away
from gateway_service.line_scans import add_scans
from gateway_service.rendering import answer, one, page, render
from gateway_service.routes import Services, router

api = router("finance and reports")


@api.get("/reports/reconciliation", responses=answers.one(GetReconciliationResponse))
async def reconciliation(filters: Annotated[MonthFilter, Query()], services: Services) -> Response:
    """Lines of a month where shipped - returned differs from invoiced, with their documents and floor scans (S11).

    While planning is away the scans are missing, and `unavailable` says so.
    """
    request = GetReconciliationRequest(month=filters.month)
    found = await services.order.ask(services.order.finance.GetReconciliation, request)
    away: list[str] = []
    await unless_away("scans", away, add_scans(services.planning, found.items))
    found.unavailable.extend(away)
    return one(found)


@api.get(
    "/reports/lead-times",
    responses=answers.free({"period": "object", "filter": "object", "stages": "array", "groups": "array"}),
)
async def lead_times(filters: Annotated[LeadTimeFilter, Query()], services: Services) -> Response:
    """Hours between stages: n, mean, median, 90th percentile per group (S81)."""
    request = GetLeadTimesRequest(
        from_date=filters.from_date or "", to_date=filters.to_date or "", group_by=filters.group_by, hours=filters.hours
    )
    found = await services.order.ask(services.order.finance.GetLeadTimes, request)
    report: dict[str, Any] = {
        "period": {"from": found.from_date or None, "to": found.to_date or None},
        "filter": {"group_by": filters.group_by, "hours": filters.hours},
        "stages": list(found.stages),
        "groups": [render(group) for group in found.groups],
        "pending_count": found.pending_count,
    }
    return answer(report)


@api.get("/reports/invoice-timeliness", responses=answers.one(GetInvoiceTimelinessResponse))
async def invoice_timeliness(filters: Annotated[PeriodFilter, Query()], services: Services) -> Response:
    """How many invoice tasks of a period were done in time, and which are overdue now (S59)."""
    request = GetInvoiceTimelinessRequest(from_date=filters.from_date or "", to_date=filters.to_date or "")
    return one(await services.order.ask(services.order.finance.GetInvoiceTimeliness, request))


@api.get("/reports/lead-times/orders", responses=answers.listing(LeadTimeOrder))
async def lead_time_orders(filters: Annotated[LeadTimeCellFilter, Query()], services: Services) -> Response:
    """The orders behind a cell, slowest first (S81)."""
    request = ListLeadTimeOrdersRequest(
        page=filters.wire(), from_date=filters.from_date or "", to_date=filters.to_date or "", stage=filters.stage,
        group_by=filters.group_by or "", key=filters.key, hours=filters.hours,
    )  # fmt: skip
    found = await services.order.ask(services.order.finance.ListLeadTimeOrders, request)
    return page(found.orders, found.next_page_token)


@api.get("/reports/lead-times/comparison", responses=answers.one(CompareLeadTimesResponse))
async def compare_lead_times(filters: Annotated[ComparisonFilter, Query()], services: Services) -> Response:
    """Two periods beside each other: hours per stage before and after, and the change (S82)."""
    request = CompareLeadTimesRequest(
        from_date=filters.from_date or "", to_date=filters.to_date or "", hours=filters.hours,
        before_from_date=filters.before_from or "", before_to_date=filters.before_to or "",
        group_by=filters.group_by or "", key=filters.key,
    )  # fmt: skip
    return one(await services.order.ask(services.order.finance.CompareLeadTimes, request))


@api.get("/reports/delivery", responses=answers.free(dict.fromkeys(("period", "filter", "total"), "object")))
async def delivery(filters: Annotated[DeliveryReportFilter, Query()], services: Services) -> Response:
    """Orders due in a period: on time, late and how late, order to ship; in all, by month and group (S2, S16)."""
    narrowed = _narrowed(filters)
    request = GetDeliveryRequest(
        from_date=filters.from_date or "", to_date=filters.to_date or "", group_by=filters.group_by or "", **narrowed
    )
    found = render(await services.order.ask(services.order.finance.GetDelivery, request))
    period = {"from": found.pop("from_date"), "to": found.pop("to_date")}
    return answer(
        {
            "period": period,
            "filter": {name: value or None for name, value in (narrowed | {"group_by": filters.group_by}).items()},
            **found,
        }
    )


@api.get("/reports/delivery/orders", responses=answers.listing(DeliveryOrder))
async def delivery_orders(filters: Annotated[DeliveryOrderFilter, Query()], services: Services) -> Response:
    """The orders behind the delivery figures, the latest first."""
    request = ListDeliveryOrdersRequest(
        page=filters.wire(), from_date=filters.from_date or "", to_date=filters.to_date or "", verdict=filters.verdict,
        complained=filters.complained, **_narrowed(filters),
    )  # fmt: skip
    found = await services.order.ask(services.order.finance.ListDeliveryOrders, request)
    return page(found.orders, found.next_page_token)


def _narrowed(filters: DeliveryFilter) -> dict[str, str]:
    return {name: getattr(filters, name) for name in ("urgency", "customer_id", "channel", "sales_owner")}
