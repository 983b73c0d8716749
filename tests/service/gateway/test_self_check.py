"""The self-check as an administrator sees it: merged, worded, worst first, with what may be done."""

from __future__ import annotations

import grpc
from orderhub.common.v1.self_check_pb2 import (
    CheckedSection,
    CheckFinding,
    DiscardParkedResponse,
    GetSelfCheckResponse,
    ParkedEvent,
    ReplayParkedResponse,
)

from gateway_service.self_check import CODES
from gateway_service.texts import book
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse

EVENT = "0192f0c1-2b7e-7c11-9a55-7a1d3c5e00ff"


def section(code: str, state: str, *findings: CheckFinding, failed: bool = False) -> CheckedSection:
    return CheckedSection(code=code, state=state, count=len(findings), findings=findings, failed=failed)


async def test_what_the_services_find_becomes_one_page(house: House) -> None:
    late = CheckFinding(object="orders/SO1", params={"type": "X", "attempts": "3", "error": ""})
    house.services.tell("order GetSelfCheck", GetSelfCheckResponse(sections=[section("outbox", "good")]))
    house.services.tell("planning GetSelfCheck", GetSelfCheckResponse(sections=[section("outbox", "attention", late)]))
    house.services.tell("inventory GetSelfCheck", GetSelfCheckResponse(sections=[section("outbox", "bad", late, late)]))

    answer = (await house.call("GET", "/self-check")).json()

    sections = {one["code"]: one for one in answer["sections"]}
    assert answer["state"] == "bad"
    assert sections["services"]["state"] == "good"
    outbox = sections["outbox"]
    assert (outbox["state"], outbox["count"]) == ("bad", 3)
    assert "3 条事件等待超过十分钟" in outbox["advice"]
    assert [row["service"] for row in outbox["rows"]] == ["inventory", "inventory", "planning"]
    assert outbox["rows"][0]["text"] == "库存服务 orders/SO1：X，已试 3 次 "
    assert outbox["rows"][0]["actions"] == []


async def test_a_service_that_is_away_is_the_finding(house: House) -> None:
    house.services.tell("notify GetSelfCheck", Refuse(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE"))

    answer = (await house.call("GET", "/self-check")).json()

    parts = next(one for one in answer["sections"] if one["code"] == "services")
    assert (answer["state"], parts["state"], parts["count"]) == ("bad", "bad", 1)
    assert [row["text"] for row in parts["rows"]] == ["通知服务没有应答"]


async def test_a_check_that_was_not_finished_says_who_and_why(house: House) -> None:
    house.services.tell(
        "order GetSelfCheck", GetSelfCheckResponse(sections=[section("queue", "attention", failed=True)])
    )

    answer = (await house.call("GET", "/self-check")).json()

    queue = next(one for one in answer["sections"] if one["code"] == "queue")
    assert queue["advice"].startswith("订单服务连不上 RabbitMQ")


async def test_parked_events_say_what_may_be_done(house: House) -> None:
    failed = CheckFinding(object="orders/SO1", params={"reason": "failed", "state": "given_up"}, parked_id=EVENT)
    waits = CheckFinding(object="orders/SO2", params={"reason": "gap", "state": "waiting"}, parked_id=EVENT)
    house.services.tell(
        "planning GetSelfCheck", GetSelfCheckResponse(sections=[section("parked", "bad", failed, waits)])
    )

    answer = (await house.call("GET", "/self-check", role="manager")).json()

    parked = next(one for one in answer["sections"] if one["code"] == "parked")
    assert [row["actions"] for row in parked["rows"]] == [["replay", "discard"], ["replay"]]
    assert parked["rows"][0]["id"] == f"planning.{EVENT}"
    assert "已停止重试" in parked["rows"][0]["text"]


async def test_an_event_is_replayed_at_the_service_that_keeps_it(house: House) -> None:
    told = ParkedEvent(id=EVENT, type="X", subject="orders/SO1", state="waiting")
    house.services.tell("ReplayParked", ReplayParkedResponse(event=told))

    answer = await house.call("POST", f"/self-check/parked/planning.{EVENT}:replay", json={})

    assert (answer.status_code, answer.json()["id"], answer.json()["state"]) == (200, f"planning.{EVENT}", "waiting")
    call = house.services.last("ReplayParked")
    assert (call.audience, call.request.id, bool(call.request.context.idempotency_key)) == ("planning", EVENT, True)


async def test_an_event_is_discarded_only_with_a_reason(house: House) -> None:
    house.services.tell("DiscardParked", DiscardParkedResponse(event=ParkedEvent(id=EVENT, state="discarded")))
    path = f"/self-check/parked/notify.{EVENT}:discard"

    bare, blank = [await house.call("POST", path, json=body) for body in ({}, {"reason": "  "})]
    good = await house.call("POST", path, json={"reason": "重复录入"})

    assert (bare.status_code, blank.status_code, good.status_code) == (422, 422, 200)
    assert (house.services.last("DiscardParked").request.reason, house.services.count("DiscardParked")) == (
        "重复录入",
        1,
    )


async def test_an_event_of_no_service_is_not_found(house: House) -> None:
    answer = await house.call("POST", f"/self-check/parked/billing.{EVENT}:replay", json={})

    assert (answer.status_code, answer.json()["reason"]) == (404, "PARKED_NOT_FOUND")


def test_every_section_has_its_words() -> None:
    words = book()
    for name in ("check_titles", "check_good", "check_bad", "check_rows"):
        expected = set(CODES) - ({"stock_idle"} if name == "check_bad" else set())
        assert words[name].keys() == expected, name
