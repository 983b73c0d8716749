"""When the factory works"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from orderhub.order.v1.calendar_pb2 import (
    CalendarDay,
    CalendarVersion,
    CapacityRule,
    FactoryCalendar,
    GetCalendarRequest,
    GetCapacityRuleRequest,
    ListCalendarDaysRequest,
    ListCalendarVersionsRequest,
    ListCapacityRuleVersionsRequest,
    PutCalendarRequest,
    PutCapacityRuleRequest,
)

from gateway_service import answers
from gateway_service.bodies.base import Page
from gateway_service.bodies.calendar import CalendarBody, CalendarDayFilter, CapacityRuleBody
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import Services, WantedVersion, router

api = router("settings")


@api.get("/settings/calendar", responses=answers.one(FactoryCalendar))
async def get_calendar(services: Services) -> Response:
    """Working weekdays, shifts and special days, and how far kept lead times follow them (S85)."""
    found = await services.order.ask(services.order.calendar.GetCalendar, GetCalendarRequest())
    return one(found.calendar)


@api.put("/settings/calendar", responses=answers.one(FactoryCalendar))
async def put_calendar(body: CalendarBody, version: WantedVersion, services: Services) -> Response:
    """Replace the calendar; lead times kept until now are counted anew by it, in the background (S85)."""
    request = PutCalendarRequest(context=command(), expected_version=version, **body.given())
    found = await services.order.ask(services.order.calendar.PutCalendar, request)
    return one(found.calendar)


@api.get("/settings/calendar/days", responses=answers.listing(CalendarDay))
async def list_calendar_days(filters: Annotated[CalendarDayFilter, Query()], services: Services) -> Response:
    """Each day of a period: worked or not, and who says so: the factory, the public holidays, or the weekday."""
    request = ListCalendarDaysRequest(from_date=filters.from_date or "", to_date=filters.to_date or "")
    return page((await services.order.ask(services.order.calendar.ListCalendarDays, request)).days)


@api.get("/settings/calendar/versions", responses=answers.listing(CalendarVersion))
async def list_calendar_versions(filters: Annotated[Page, Query()], services: Services) -> Response:
    """Who changed the calendar when, why and to what; newest first."""
    request = ListCalendarVersionsRequest(page=filters.wire())
    found = await services.order.ask(services.order.calendar.ListCalendarVersions, request)
    return page(found.versions, found.next_page_token)


@api.get("/settings/capacity-rule", responses=answers.one(CapacityRule))
async def get_capacity_rule(services: Services) -> Response:
    """Which due dates planning must confirm capacity for, and today's first date that needs none (S25)."""
    found = await services.order.ask(services.order.calendar.GetCapacityRule, GetCapacityRuleRequest())
    return one(found.rule)


@api.put("/settings/capacity-rule", responses=answers.one(CapacityRule))
async def put_capacity_rule(body: CapacityRuleBody, version: WantedVersion, services: Services) -> Response:
    """Change the rule; it holds for orders entered or moved from then on (S25)."""
    request = PutCapacityRuleRequest(context=command(), expected_version=version, **body.given())
    found = await services.order.ask(services.order.calendar.PutCapacityRule, request)
    return one(found.rule)


@api.get("/settings/capacity-rule/versions", responses=answers.listing(CapacityRule))
async def list_capacity_rule_versions(filters: Annotated[Page, Query()], services: Services) -> Response:
    """Who changed the rule when, why and to what; newest first."""
    request = ListCapacityRuleVersionsRequest(page=filters.wire())
    found = await services.order.ask(services.order.calendar.ListCapacityRuleVersions, request)
    return page(found.versions, found.next_page_token)
