"""Reports over gRPC: lead times and deliveries; part of FinanceService."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from orderhub.order.v1 import finance_pb2 as pb
from orderhub.order.v1 import finance_pb2_grpc

from chassis.database import Database
from order_service.adapters.customer_views import CustomerViews
from order_service.adapters.delivery_views import FILTERS, GROUPS, VERDICTS, DeliveryViews, Figures, Scope
from order_service.adapters.lead_time_views import WHOLE, Group, LeadTimeViews, Period
from order_service.adapters.order_rows import read_id
from order_service.adapters.stage_times import StageTimesKeeper
from order_service.adapters.timeliness_views import Timeliness, TimelinessViews
from order_service.domain.errors import Invalid
from order_service.domain.ranks import Summary
from order_service.domain.stages import REPORTED, hours_of, hours_text
from order_service.domain.texts import is_clean, word_problems
from order_service.entrypoints.paging import page_size
from order_service.entrypoints.periods import days_before, place_token, read_days, read_period, read_place
from order_service.entrypoints.scope import SalesScope, owner_asking

COMPARED = ("customer", "item", "sales_owner", "channel")  # groups both periods have
_TENTH = Decimal("0.1")


def cell_message(stage: str, cell: Summary) -> pb.LeadTimeCell:
    """Return one cell of the heat map."""
    mean, median, p90 = (hours_text(hours) for hours in (cell.mean, cell.median, cell.p90))
    return pb.LeadTimeCell(stage=stage, n=cell.n, mean_hours=mean, median_hours=median, p90_hours=p90)


def comparison_message(stage: str, before: Summary, after: Summary) -> pb.LeadTimeComparison:
    """Return one stage before and after."""
    change, percent = None, None
    if before.mean is not None and after.mean is not None:
        change = after.mean - before.mean
        percent = (change * 100 / before.mean).quantize(_TENTH, ROUND_HALF_EVEN) if before.mean else None
    return pb.LeadTimeComparison(
        stage=stage, before=cell_message(stage, before), after=cell_message(stage, after),
        change_hours=hours_text(change), change_percent=hours_text(percent),
    )  # fmt: skip


def figures_message(found: Figures, before: Figures | None = None) -> pb.DeliveryFigures:
    """Return delivery figures, each beside its n; complaints also against the month before."""
    return pb.DeliveryFigures(
        month=found.month, orders_count=found.orders, on_time_count=found.on_time, late_count=found.late,
        pending_count=found.pending, on_time_rate=hours_text(found.on_time_rate),
        mean_days_late=hours_text(found.mean_days_late), rush_decided_count=found.rush_decided,
        rush_late_count=found.rush_late, rush_late_rate=hours_text(found.rush_late_rate), shipped_count=found.shipped,
        order_to_ship_days=hours_text(found.order_to_ship_days), complained_count=found.complained,
        complaints_count=found.complaints, complaint_rate=hours_text(found.complaint_rate),
        complaint_rate_change=hours_text(found.complaint_change(before)), key=found.key,
    )  # fmt: skip


def invoicing_message(found: Timeliness) -> pb.InvoicingFigures:
    """Return how many invoice tasks were in time."""
    return pb.InvoicingFigures(
        opened_count=found.opened, in_time_count=found.in_time, late_count=found.late, pending_count=found.pending,
        rate=hours_text(found.rate),
    )  # fmt: skip


@dataclass
class ReportApi(finance_pb2_grpc.FinanceServiceServicer):
    """Where time went, and how deliveries stand."""

    database: Database
    lead_times: LeadTimeViews
    keeper: StageTimesKeeper
    deliveries: DeliveryViews
    timeliness: TimelinessViews
    customers: CustomerViews
    zone: ZoneInfo
    scope: SalesScope

    @property
    def owner(self) -> str:
        return owner_asking(self.scope)

    async def GetLeadTimes(self, request: pb.GetLeadTimesRequest, context: Any) -> pb.GetLeadTimesResponse:
        first, last = read_period(request, self.database.clock.today())
        period = Period(first, last, request.hours or "elapsed")
        pending = await self._pending(period)
        found = await self._groups(period, request.group_by or "week")
        groups = [
            pb.LeadTimeGroup(key=x.key, ref=x.ref, cells=[cell_message(stage, x.cells[stage]) for stage in REPORTED])
            for x in found
        ]
        return pb.GetLeadTimesResponse(
            from_date=first.isoformat(), to_date=last.isoformat(), stages=REPORTED, groups=groups, hours=period.hours,
            pending_count=pending,
        )  # fmt: skip

    async def _pending(self, period: Period) -> int:
        """Return how many orders the report does not show as they are now: a flood, or a calendar just changed."""
        waiting = await self.keeper.follow()
        behind = (await self.keeper.progress()).waiting if period.hours == "working" else 0
        return max(waiting, behind)

    async def _groups(self, period: Period, group_by: str) -> list[Group]:
        """Return the groups the caller may see; what the release before changes meanwhile is followed first."""
        while (found := await self.lead_times.groups(period, group_by)) is None:
            await self.keeper.follow()
        return await self._seen(found, group_by)

    async def _seen(self, groups: list[Group], group_by: str) -> list[Group]:
        """Leave out the customers and colleagues a salesperson may not see."""
        owner = self.owner
        if owner and group_by == "sales_owner":
            return [group for group in groups if group.ref in ("", owner)]
        if owner and group_by == "customer":
            seen = await self.customers.seen([UUID(group.ref) for group in groups], owner)
            return [group for group in groups if UUID(group.ref) in seen]
        return groups

    async def ListLeadTimeOrders(
        self, request: pb.ListLeadTimeOrdersRequest, context: Any
    ) -> pb.ListLeadTimeOrdersResponse:
        period = Period(*read_period(request, self.database.clock.today()), request.hours or "elapsed")
        if problems := word_problems("stage", request.stage, REPORTED, "STAGE_UNKNOWN", required=True):
            raise Invalid(problems)
        group = (request.group_by or WHOLE, request.key if is_clean(request.key) else "")
        size = page_size(request.page)
        await self.keeper.follow()
        place = read_place("lead_times", request.page)
        found = await self.lead_times.orders(period, request.stage, group, place, size + 1, self.owner)
        orders = [
            pb.LeadTimeOrder(
                order_number=x.number, customer_name=x.customer_name, sales_owner=x.sales_owner,
                entered_on=x.day.isoformat(), state=x.state, hours=_hours(x.elapsed), working_hours=_hours(x.working),
            )
            for x in found[:size]
        ]  # fmt: skip
        token = place_token("lead_times", [(getattr(x, period.hours), x.order_id) for x in found], size)
        return pb.ListLeadTimeOrdersResponse(orders=orders, next_page_token=token)

    async def CompareLeadTimes(self, request: pb.CompareLeadTimesRequest, context: Any) -> pb.CompareLeadTimesResponse:
        first, last = read_period(request, self.database.clock.today(), COMPARED)
        typed = (("before_from", request.before_from_date), ("before_to", request.before_to_date))
        before, problems = read_days(typed, days_before(first, last))
        if problems:
            raise Invalid(problems)
        hours = request.hours or "elapsed"
        await self.keeper.follow()
        group = request.group_by or WHOLE, request.key
        cells = [await self._cells(Period(*days, hours), *group) for days in (before, (first, last))]
        return pb.CompareLeadTimesResponse(
            from_date=first.isoformat(), to_date=last.isoformat(), before_from_date=before[0].isoformat(),
            before_to_date=before[1].isoformat(), hours=hours,
            stages=[comparison_message(stage, *(found[stage] for found in cells)) for stage in REPORTED],
        )  # fmt: skip

    async def _cells(self, period: Period, group_by: str, key: str) -> dict[str, Summary]:
        """Return the cells of one group of a period, or of every order of it together."""
        found = await self._groups(period, group_by)
        cells = [group.cells for group in found if group_by == WHOLE or group.ref == key]
        return cells[0] if cells else dict.fromkeys(REPORTED, Summary())

    async def GetDelivery(self, request: pb.GetDeliveryRequest, context: Any) -> pb.GetDeliveryResponse:
        scope = self._scope(request)
        whole, *parts = await self.deliveries.figures(scope, request.group_by)
        months = [part for part in parts if part.month]
        invoicing = await self.timeliness.timeliness(*self._instants(scope.first, scope.last))
        return pb.GetDeliveryResponse(
            from_date=scope.first.isoformat(), to_date=scope.last.isoformat(), total=figures_message(whole),
            months=[figures_message(*pair) for pair in zip(months, [None, *months], strict=False)],
            groups=[figures_message(part) for part in parts if not part.month], invoicing=invoicing_message(invoicing),
        )  # fmt: skip

    async def ListDeliveryOrders(
        self, request: pb.ListDeliveryOrdersRequest, context: Any
    ) -> pb.ListDeliveryOrdersResponse:
        if problems := word_problems("verdict", request.verdict, VERDICTS, "VERDICT_UNKNOWN"):
            raise Invalid(problems)
        size = page_size(request.page)
        scope, place = self._scope(request), read_place("deliveries", request.page)
        found = await self.deliveries.orders(scope, request.verdict, place, size + 1, complained=request.complained)
        orders = [
            pb.DeliveryOrder(
                order_number=x.number, customer_name=x.customer_name, sales_owner=x.sales_owner,
                due_date=x.due_date.isoformat(), urgency=x.urgency, state=x.state, verdict=x.verdict,
                done_on=x.done_on.isoformat() if x.done_on else "", days_late=x.days_late,
                complaints_count=x.complaints,
            )
            for x in found[:size]
        ]  # fmt: skip
        token = place_token("deliveries", [(x.days_late, x.id) for x in found], size)
        return pb.ListDeliveryOrdersResponse(orders=orders, next_page_token=token)

    def _scope(self, request: Any) -> Scope:
        first, last = read_period(request, self.database.clock.today(), GROUPS)
        only: dict[str, Any] = {name: getattr(request, name) for name in FILTERS if getattr(request, name)}
        if "customer_id" in only:
            only["customer_id"] = read_id(only["customer_id"])  # no id: no order has it
        return Scope(first, last, {name: value if is_clean(str(value)) else "" for name, value in only.items()})

    def _instants(self, first: date, last: date) -> tuple[datetime, datetime]:
        """Return the instants between which the days of the factory lie."""
        begin, end = first, last + timedelta(days=1)
        return datetime.combine(begin, time(), self.zone), datetime.combine(end, time(), self.zone)


def _hours(seconds: int) -> str:
    return hours_text(hours_of(timedelta(seconds=seconds)))
