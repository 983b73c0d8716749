"""Periods, months and places in reports, as requests say them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from orderhub.common.v1.common_pb2 import PageRequest

from chassis import page_token
from order_service.adapters.lead_time_runs import HOURS
from order_service.adapters.lead_time_views import GROUP_WORDS
from order_service.domain.errors import FieldProblem, Invalid
from order_service.domain.texts import read_date, word_problems

DEFAULT_PERIOD_DAYS = 90
FIRST_YEAR, LAST_YEAR = 1970, 9000  # beyond them an instant of a zone may not exist


def read_month(typed: str) -> date:
    """Return the first day of a month typed 2026-11; raise Invalid."""
    first = read_date(f"{typed}-01")
    if first is None or not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise Invalid([FieldProblem("month", "MONTH_INVALID", {"value": typed[:40]})])
    return first


def read_period(request: Any, today: date, groups: tuple[str, ...] = GROUP_WORDS) -> tuple[date, date]:
    """Return the first and last day of a period, the last 90 days by default; raise Invalid."""
    defaults = (today - timedelta(days=DEFAULT_PERIOD_DAYS), today)
    days, problems = read_days((("from", request.from_date), ("to", request.to_date)), defaults)
    problems += word_problems("group_by", getattr(request, "group_by", ""), groups, "GROUP_UNKNOWN")
    problems += word_problems("hours", getattr(request, "hours", ""), HOURS, "HOURS_UNKNOWN")
    if problems:
        raise Invalid(problems)
    return days


def read_days(
    typed: tuple[tuple[str, str], tuple[str, str]], defaults: tuple[date, date]
) -> tuple[tuple[date, date], list[FieldProblem]]:
    """Return two days by their field names, and what is wrong with them."""
    problems = []
    days: list[date] = []
    for (name, text), default in zip(typed, defaults, strict=True):
        day = read_date(text) if text else default
        if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
            problems.append(FieldProblem(name, "DATE_INVALID", {"value": text[:40]}))
        days.append(day or default)
    first, last = days
    if not problems and first > last:
        params = {"from": first.isoformat(), "to": last.isoformat()}
        problems.append(FieldProblem(typed[0][0], "PERIOD_REVERSED", params))
    return (first, last), problems


def days_before(first: date, last: date) -> tuple[date, date]:
    """Return as many days right before a period; fewer where the calendar of reports begins."""
    floor = date(FIRST_YEAR, 1, 1).toordinal()
    began, ended = first.toordinal() - (last - first).days - 1, first.toordinal() - 1
    return date.fromordinal(max(floor, began)), date.fromordinal(max(floor, ended))


def read_place(kind: str, page: PageRequest) -> tuple[int, UUID] | None:
    """Return the number and id a page begins after; None for the first page; raise BadPageToken."""
    if not page.page_token:
        return None
    number, last = page_token.read(kind, page.page_token, page_token.number, UUID, first=())
    return number, last


def place_token(kind: str, places: list[tuple[int, UUID]], size: int) -> str:
    """Return the token of the page after `places`; empty when they (asked for size + 1) are the rest."""
    return page_token.write(kind, *places[size - 1]) if len(places) > size else ""
