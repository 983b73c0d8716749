"""The factory's calendar through the front door: whole, versioned, in the words people use."""

from __future__ import annotations

import grpc
from orderhub.order.v1.calendar_pb2 import (
    CalendarDay,
    CalendarVersion,
    CapacityRule,
    FactoryCalendar,
    GetCalendarResponse,
    GetCapacityRuleResponse,
    ListCalendarDaysResponse,
    ListCalendarVersionsResponse,
    ListCapacityRuleVersionsResponse,
    PutCalendarResponse,
    PutCapacityRuleResponse,
)

from chassis.errors import FieldProblem
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse

WANTED = {
    "working_weekdays": [1, 2, 3, 4, 5, 6],
    "shifts": [{"begin": "20:00", "end": "05:00", "breaks": [{"begin": "00:00", "end": "00:30"}]}],
    "days": [{"date": "2026-12-26", "kind": "working", "name": "补班"}],
    "public_holidays": False,
    "reason": "年底赶工",
}


async def test_the_calendar_is_replaced_whole_by_those_who_plan(house: House) -> None:
    house.services.tell("PutCalendar", PutCalendarResponse(calendar=FactoryCalendar(**WANTED, version=4)))
    house.services.tell("GetCalendar", GetCalendarResponse(calendar=FactoryCalendar(**WANTED, version=4)))

    put = await house.call("PUT", "/settings/calendar", role="manager", json=WANTED, headers={"If-Match": '"3"'})
    asked = house.services.last("PutCalendar").request
    nameless = WANTED | {"days": [{"date": "2026-12-26", "kind": "working", "name": None}]}  # as the answer says it
    assert (await house.call("PUT", "/settings/calendar", json=nameless)).status_code == 200
    refused = await house.call("PUT", "/settings/calendar", role="sales", json=WANTED)
    seen = await house.call("GET", "/settings/calendar", role="warehouse")

    assert (put.status_code, put.headers["etag"]) == (200, '"4"')
    assert (asked.expected_version, asked.context.route) == (3, "PUT /settings/calendar")
    assert (list(asked.working_weekdays), asked.shifts[0].breaks[0].end) == ([1, 2, 3, 4, 5, 6], "00:30")
    assert (asked.days[0].name, asked.public_holidays, asked.reason) == ("补班", False, "年底赶工")
    assert refused.status_code == 403
    assert (seen.headers["etag"], seen.json()["days"]) == ('"4"', WANTED["days"])


async def test_a_calendar_that_makes_no_sense_is_told_in_chinese(house: House) -> None:
    fields = (FieldProblem("shifts.0.begin", "SHIFTS_OVERLAP"), FieldProblem("working_weekdays", "WEEKDAY_UNKNOWN"))
    house.services.tell("PutCalendar", Refuse(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS", {}, fields))

    wrong = await house.call("PUT", "/settings/calendar", json=WANTED)
    shapeless = await house.call(
        "PUT", "/settings/calendar", json={"shifts": "early", "days": [{"date": "soon"}], "x": 1}
    )

    assert (wrong.status_code, [one["message"] for one in wrong.json()["errors"]]) == (
        422, ["班次时间重叠", "星期只能是 1（周一）到 7（周日）"],
    )  # fmt: skip
    assert shapeless.status_code == 422
    assert {one["field"] for one in shapeless.json()["errors"]} == {
        "working_weekdays", "shifts", "days.0.date", "days.0.kind", "x",
    }  # fmt: skip


async def test_a_stale_calendar_is_not_overwritten(house: House) -> None:
    house.services.tell(
        "PutCalendar", Refuse(grpc.StatusCode.ABORTED, "VERSION_STALE", {"expected": "3", "current": "4"})
    )

    assert (await house.call("PUT", "/settings/calendar", json=WANTED, headers={"If-Match": '"3"'})).status_code == 412


async def test_each_day_says_who_decided(house: House) -> None:
    days = [
        CalendarDay(date="2026-10-01", source="public", name="national_day", public_name="national_day"),
        CalendarDay(date="2026-10-12", working=True, source="week"),
        CalendarDay(date="2026-10-13", source="factory", name="停电"),
    ]
    house.services.tell("ListCalendarDays", ListCalendarDaysResponse(days=days))

    answer = await house.call("GET", "/settings/calendar/days?from=2026-10-01&to=2026-10-13", role="team_leader")

    assert house.services.last("ListCalendarDays").request.from_date == "2026-10-01"
    assert [(day["working"], day["source"], day["text"]) for day in answer.json()["items"]] == [
        (False, "public", "国庆节"), (True, "week", None), (False, "factory", "停电"),
    ]  # fmt: skip


async def test_the_history_is_a_list(house: House) -> None:
    version = CalendarVersion(version=4, reason="年底赶工", changed_by="manager", calendar=FactoryCalendar(**WANTED))
    house.services.tell("ListCalendarVersions", ListCalendarVersionsResponse(versions=[version], next_page_token="n"))

    answer = (await house.call("GET", "/settings/calendar/versions?page_size=1")).json()

    assert (answer["items"][0]["changed_by"], answer["next_page_token"]) == ("manager", "n")


async def test_the_rule_of_near_dates_is_a_setting(house: House) -> None:
    rule = CapacityRule(days=5, counted="working", version=4, safe_from="2026-12-01")
    house.services.tell("PutCapacityRule", PutCapacityRuleResponse(rule=rule))
    house.services.tell("GetCapacityRule", GetCapacityRuleResponse(rule=CapacityRule(counted="calendar", version=5)))
    house.services.tell("ListCapacityRuleVersions", ListCapacityRuleVersionsResponse(versions=[rule]))
    wanted = {"days": 5, "counted": "working", "reason": "旺季"}
    path = "/settings/capacity-rule"

    put = await house.call("PUT", path, role="manager", json=wanted, headers={"If-Match": '"3"'})
    asked = house.services.last("PutCapacityRule").request
    off = await house.call("GET", path, role="sales")
    wrong = await house.call("PUT", path, role="manager", json={"days": "many", "counted": "lunar", "x": 1})

    assert (put.status_code, put.headers["etag"], put.json()["safe_from"]) == (200, '"4"', "2026-12-01")
    assert (asked.expected_version, asked.days, asked.counted, asked.reason) == (3, 5, "working", "旺季")
    assert (off.headers["etag"], off.json()["days"], off.json()["safe_from"]) == ('"5"', 0, None)
    assert {one["field"] for one in wrong.json()["errors"]} == {"days", "counted", "x"}
    assert (await house.call("PUT", path, role="sales", json=wanted)).status_code == 403
    versions = await house.call("GET", f"{path}/versions", role="sales")
    assert [one["days"] for one in versions.json()["items"]] == [5]
