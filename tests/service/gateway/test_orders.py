"""Orders through the front door: shapes, words, keys, versions."""

from __future__ import annotations

import uuid

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.common.v1.common_pb2 import Party
from orderhub.common.v1.common_pb2 import Warning as Told
from orderhub.order.v1.order_pb2 import (
    GetOrderResponse,
    ListOrdersResponse,
    MoveOrderResponse,
    Order,
    OrderLine,
    SubmitOrderResponse,
)

from chassis.errors import FieldProblem
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse

LINE = OrderLine(line_no=1, item_code="MOTOR", item_name="电机", quantity="2", unit="台", due_date="2026-12-01")
ORDER = Order(
    id="0192", number="SO20261122-0001", state="needs_capacity_confirmation", version=3, lines=[LINE],
    customer=Party(id="c1", name="启明"), channel="wechat", tracking_token="tok-123", urgency="red",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    warnings=[Told(reason="CAPACITY_CONFIRMATION_REQUIRED", params={"notice_days": "3"})],
    created_at=Timestamp(seconds=1_790_000_000),
)  # fmt: skip
BODY = {
    "customer_id": "c1",
    "channel": "wechat",
    "due_date": "2026-12-01",
    "lines": [{"item_code": "MOTOR", "quantity": 2.5}],
}


async def test_an_order_comes_back_with_its_warning_in_chinese(house: House) -> None:
    house.services.tell("SubmitOrder", SubmitOrderResponse(order=ORDER))

    answer = await house.call("POST", "/orders", role="clerk", json=BODY)

    told = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"3"'
    assert told["warnings"] == [
        {"reason": "CAPACITY_CONFIRMATION_REQUIRED", "params": {"notice_days": "3"}, "message": "该交期需确认产能"}
    ]
    assert told["tracking_url"] == "https://hub.example/t/tok-123"
    assert told["confirmed_at"] is None
    assert told["created_at"].endswith("+00:00")
    assert "traceparent" not in told
    assert "tracking_token" not in told
    assert told["version"] == 3


async def test_the_service_hears_exactly_what_was_said(house: House) -> None:
    house.services.tell("SubmitOrder", SubmitOrderResponse(order=ORDER))
    body = '{"customer_id":"c1","channel":"wechat","due_date":"2026-12-01","lines":[{"item_code":"MOTOR","quantity":0.1000000000000000055511151231257827}]}'

    await house.call(
        "POST", "/orders", role="sales", key="k1", content=body, headers={"Content-Type": "application/json"}
    )

    heard = house.services.last("SubmitOrder")
    assert heard.request.lines[0].quantity == "0.1000000000000000055511151231257827"
    assert heard.request.context.idempotency_key == "k1"
    assert heard.request.context.route == "POST /orders"
    assert len(heard.request.context.fingerprint) == 64
    assert (heard.principal.subject, heard.principal.roles) == ("sales", frozenset({"sales"}))


async def test_the_fingerprint_follows_the_meaning_and_the_order_moved(house: House) -> None:
    house.services.tell("MoveOrder", MoveOrderResponse(order=ORDER))
    prints = []
    for path, body in (
        ("/orders/A:cancel", '{"reason":"x"}'),
        ("/orders/A:cancel", '{ "reason" : "x" }'),
        ("/orders/A:cancel", '{"reason":"y"}'),
        ("/orders/B:cancel", '{"reason":"x"}'),
    ):
        await house.call("POST", path, content=body, headers={"Content-Type": "application/json"})
        prints.append(house.services.last("MoveOrder").request.context.fingerprint)

    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
    assert house.services.last("MoveOrder").request.context.route == "POST /orders/{order}:cancel"


async def test_a_replay_says_so(house: House) -> None:
    house.services.tell("SubmitOrder", SubmitOrderResponse(order=ORDER))
    first = await house.call("POST", "/orders", key="same", json=BODY)
    house.services.replayed = True

    second = await house.call("POST", "/orders", key="same", json=BODY)

    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.content == first.content
    assert second.status_code == 201


async def test_a_missing_key_is_asked_for(house: House) -> None:
    answer = await house.call("POST", "/orders", key=None, json=BODY)

    assert answer.status_code == 400
    assert answer.json()["reason"] == "IDEMPOTENCY_KEY_REQUIRED"
    assert house.services.calls == []


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"colour": "red"}, "colour", "UNKNOWN_FIELD"),
        ({"lines": [{"item_code": "A", "quantity": "1", "x": 1}]}, "lines.0.x", "UNKNOWN_FIELD"),
        ({"lines": [{"item_code": "A", "quantity": "1e400"}]}, "lines.0.quantity", "NOT_A_NUMBER"),
        ({"lines": [{"item_code": "A", "quantity": "NaN"}]}, "lines.0.quantity", "NOT_A_NUMBER"),
        ({"lines": [{"item_code": "A", "quantity": True}]}, "lines.0.quantity", "NOT_A_NUMBER"),
        ({"lines": []}, "lines", "REQUIRED"),
        ({"lines": [{"item_code": "A", "quantity": "1"}] * 501}, "lines", "TOO_MANY"),
        ({"lines": [{"item_code": "A", "quantity": "1"}] * 10_000}, "lines", "TOO_MANY"),
        ({"contact": 2.5}, "contact", "NOT_AN_OBJECT"),
        ({"lines": [2.5]}, "lines.0", "NOT_AN_OBJECT"),
        ({"due_date": "2026-13-01"}, "due_date", "NOT_A_DATE"),
        ({"due_date": "20261201"}, "due_date", "NOT_A_DATE"),
        ({"urgency": "purple"}, "urgency", "NOT_ALLOWED"),
        ({"note": "a\x00b"}, "note", "UNREADABLE_TEXT"),
        ({"state": "confirmed"}, "state", "UNKNOWN_FIELD"),
    ],
)
async def test_a_wrong_shape_is_named(house: House, change: dict[str, object], field: str, reason: str) -> None:
    answer = await house.call("POST", "/orders", json=BODY | change)

    told = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (field, reason) in [(error["field"], error["reason"]) for error in told["errors"]]
    assert all(error["message"] for error in told["errors"])
    assert house.services.calls == []


async def test_the_words_allowed_are_listed_in_chinese(house: House) -> None:
    answer = await house.call("POST", "/orders", json=BODY | {"urgency": "purple"})

    said = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert said == {"urgency": "只能是 red、yellow、green"}


async def test_every_wrong_field_is_named_at_once(house: House) -> None:
    answer = await house.call("POST", "/orders", json={"lines": [{"quantity": "x"}], "extra": 1})

    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"customer_id", "channel", "due_date", "lines.0.item_code", "lines.0.quantity", "extra"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"lines": NaN}', 400),
        (b'{"lines": Infinity}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 30 + b"1" + b"}" * 30, 400),
        (b'{"note": "\\ud800"}', 422),
        (b'"' + b"a" * (1024 * 1024) + b'"', 413),
        (b"1e400", 422),
        (b'{"note": "a", "note": "b"}', 400),
        (b'{"lines": [{"quantity": 1, "quantity": 1000}]}', 400),
    ],
)
async def test_unreadable_bodies_are_refused(house: House, body: bytes, status: int) -> None:
    answer = await house.call("POST", "/orders", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == status, answer.text
    assert answer.json()["title"]


async def test_another_content_type_is_refused(house: House) -> None:
    answer = await house.call("POST", "/orders", content=b"a=1", headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, 422),
        (grpc.StatusCode.NOT_FOUND, 404),
        (grpc.StatusCode.FAILED_PRECONDITION, 409),
        (grpc.StatusCode.ALREADY_EXISTS, 409),
        (grpc.StatusCode.ABORTED, 412),
        (grpc.StatusCode.PERMISSION_DENIED, 403),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 429),
        (grpc.StatusCode.UNAVAILABLE, 503),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 503),
        (grpc.StatusCode.INTERNAL, 500),
    ],
)
async def test_a_refusal_keeps_its_meaning(house: House, code: grpc.StatusCode, status: int) -> None:
    house.services.tell("GetOrder", Refuse(code, "ORDER_NOT_FOUND", {"order": "X"}))

    answer = await house.call("GET", "/orders/X")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["trace_id"]) == 32
    assert ("retry-after" in answer.headers) == (status in (429, 503))


async def test_an_illegal_move_names_what_is_allowed(house: House) -> None:
    refusal = Refuse(
        grpc.StatusCode.FAILED_PRECONDITION, "ILLEGAL_MOVE", {"state": "draft", "allowed": "confirm_capacity,cancel"}
    )
    house.services.tell("MoveOrder", refusal)

    answer = await house.call("POST", "/orders/X:confirm", json={})

    assert answer.status_code == 409
    assert answer.json()["allowed"] == ["confirm_capacity", "cancel"]
    assert answer.json()["title"] == "当前状态不允许这样做"


async def test_field_errors_of_a_service_are_worded(house: House) -> None:
    fields = [FieldProblem("lines.0.item_code", "ITEM_UNKNOWN", {"item_code": "NOPE"})]
    house.services.tell("SubmitOrder", Refuse(grpc.StatusCode.INVALID_ARGUMENT, "INVALID", {}, fields))

    answer = await house.call("POST", "/orders", json=BODY)

    assert answer.json()["errors"] == [
        {"field": "lines.0.item_code", "reason": "ITEM_UNKNOWN", "message": "没有物料 NOPE"}
    ]


async def test_a_patch_needs_the_version(house: House) -> None:
    without = await house.call("PATCH", "/orders/X", json={"note": "a"})
    await house.call("PATCH", "/orders/X", json={"note": "a"}, headers={"If-Match": '"abc"'})

    assert (without.status_code, without.json()["reason"]) == (428, "IF_MATCH_REQUIRED")
    assert house.services.last("ReviseOrder").request.expected_version == -1  # no order has it


async def test_a_patch_names_what_it_changes(house: House) -> None:
    await house.call("PATCH", "/orders/X", json={"note": None, "urgency": "red"}, headers={"If-Match": '"7"'})

    heard = house.services.last("ReviseOrder").request
    assert (list(heard.fields), heard.urgency, heard.note, heard.expected_version) == (
        ["note", "urgency"],
        "red",
        "",
        7,
    )


async def test_a_move_may_name_the_version(house: House) -> None:
    await house.call("POST", "/orders/X:hold", json={"reason": "wait"}, headers={"If-Match": 'W/"9"'})
    with_version = house.services.last("MoveOrder").request
    await house.call("POST", "/orders/X:hold")
    without = house.services.last("MoveOrder").request

    assert (with_version.expected_version, with_version.note) == (9, "wait")
    assert not without.HasField("expected_version")


@pytest.mark.parametrize("body", [b"[null]", b"-5.8e16", b'"x"', b'{"x": 1}', b"1"])
async def test_a_move_without_a_body_takes_none(house: House, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answers = [
        await house.call("POST", path, content=body, headers=headers)
        for path in ("/orders/X:confirm", "/orders/X:plan")
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert house.services.calls == []


@pytest.mark.parametrize("key", ["x" * 256, "a\u00e9b".encode("latin-1").decode("latin-1"), "a\tb"])
async def test_an_unusable_key_is_refused(house: House, key: str) -> None:
    access = await house.gateway_token("admin")
    sent = {"Authorization": f"Bearer {access}", "Idempotency-Key": key.encode("latin-1")}
    answer = await house.http.post("/orders", json=BODY, headers=sent)

    assert (answer.status_code, answer.json()["reason"]) == (400, "IDEMPOTENCY_KEY_INVALID")


async def test_a_list_is_a_page(house: House) -> None:
    house.services.tell("ListOrders", ListOrdersResponse(orders=[ORDER], next_page_token="next"))

    answer = await house.call("GET", "/orders?state=confirmed&page_size=1&due_before=2026-12-31")

    heard = house.services.last("ListOrders").request
    assert (heard.state, heard.page.page_size, heard.due_before) == ("confirmed", 1, "2026-12-31")
    assert answer.json()["next_page_token"] == "next"
    assert answer.json()["items"][0]["number"] == ORDER.number


@pytest.mark.parametrize("query", ["page_size=0", "page_size=201", "colour=red", "state=nope", "q=%00", "page_size=x"])
async def test_a_wrong_filter_is_named(house: House, query: str) -> None:
    answer = await house.call("GET", f"/orders?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.split("=")[0]


async def test_a_clerk_does_not_confirm(house: House) -> None:
    submitted = await house.call("POST", "/orders", role="clerk", json=BODY | {"confirm": True})
    moved = await house.call("POST", "/orders/X:confirm", role="clerk")

    assert (submitted.status_code, moved.status_code) == (403, 403)
    assert house.services.calls == []


async def test_one_order_by_its_number(house: House) -> None:
    house.services.tell("GetOrder", GetOrderResponse(order=ORDER))

    answer = await house.call("GET", "/orders/SO20261122-0001")

    assert answer.json()["lines"][0]["quantity"] == "2"
    assert answer.headers["etag"] == '"3"'


async def test_a_service_that_is_away_is_said_within_three_seconds(own_house: House) -> None:
    house = own_house
    await house.running.server.stop(0)

    answer = await house.call("GET", "/orders/X")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.elapsed.total_seconds() < 3
    assert answer.json()["title"] == "服务暂时不可用，请稍候再试"


async def test_a_trace_goes_on(house: House) -> None:
    trace = uuid.uuid4().hex
    house.services.tell("GetOrder", Refuse(grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND"))

    answer = await house.call("GET", "/orders/X", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})

    assert answer.json()["trace_id"] == trace
    assert house.services.last("GetOrder").metadata["traceparent"].split("-")[1] == trace
