"""The story of one order's time in Chinese: ten moments, dwell per stage, one dated sentence (S76-S83)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from orderhub.order.v1.order_pb2 import GetOrderLeadTimeResponse, StageEvent

from gateway_service import texts
from gateway_service.rendering import instant

FACTORY = timezone(timedelta(hours=8))  # Asia/Shanghai has had no other offset since 1991
TOLD = ("confirmed", "released", "first_operation_started", "received", "shipped", "signed")


def told(found: GetOrderLeadTimeResponse, due_date: str) -> dict[str, Any]:
    """Return the lead time of an order as REST shows it; what was never recorded says so, it is never 0."""
    return {
        "order_number": found.order_number,
        "state": found.state or None,
        "now": instant(found.now) if found.HasField("now") else None,
        "events": [_event(event) for event in found.events],
        "dwells": [
            {
                "stage": dwell.stage,
                "name": texts.say("stages", dwell.stage),
                "hours": dwell.hours or None,
                "working_hours": dwell.working_hours or None,
                "text": _hours(dwell.hours),
                "running": dwell.running,
                "from_stage": dwell.from_stage or None,
                "to_stage": dwell.to_stage or None,
            }
            for dwell in found.dwells
        ],
        "longest_stage": found.longest_stage or None,
        "longest_stage_name": texts.say("stages", found.longest_stage) if found.longest_stage else None,
        "sentence": sentence(found, due_date),
    }


def _event(event: StageEvent) -> dict[str, Any]:
    recorded = event.HasField("at")
    return {
        "stage": event.stage,
        "name": texts.say("moments", event.stage),
        "at": instant(event.at) if recorded else None,
        "text": _local(event).strftime("%Y-%m-%d %H:%M") if recorded else texts.say("phrases", "not_recorded"),
    }


def _hours(hours: str) -> str:
    if not hours:
        return texts.say("phrases", "not_recorded")
    return texts.say("phrases", "hours", {"hours": hours})


def _local(event: StageEvent) -> datetime:
    return event.at.ToDatetime(tzinfo=FACTORY)


def sentence(found: GetOrderLeadTimeResponse, due_date: str) -> str | None:
    """Return the dated sentence of S83, naming where it stayed longest; None before anything happened."""
    moments = {event.stage: _local(event) for event in found.events if event.HasField("at")}
    if "confirmed" not in moments and "inquiry" in moments:
        moments["confirmed"] = moments["inquiry"]
    days = [(stage, moments[stage].date()) for stage in TOLD if stage in moments]
    if not days:
        return None
    first = days[0][1]
    parts = [texts.say("sentence", stage, {"day": _day(day, first)}) for stage, day in days]
    return texts.say("sentence", "comma").join(parts) + _verdict(found, due_date, days[-1])


def _day(day: date, first: date) -> str:
    same = (day.year, day.month) == (first.year, first.month)
    return texts.say("sentence", "day" if same else "month_day", {"month": str(day.month), "day": str(day.day)})


def _verdict(found: GetOrderLeadTimeResponse, due_date: str, last: tuple[str, date]) -> str:
    if not found.longest_stage:
        return ""
    stage = {"stage": texts.say("stages", found.longest_stage)}
    over = last[0] in ("shipped", "signed")
    until = last[1] if over else found.now.ToDatetime(tzinfo=FACTORY).date()
    late = bool(due_date) and until.isoformat() > due_date
    return texts.say("sentence", "late" if late else "longest", stage)
