"""Bad input gets a clear problem in Chinese, and loses or doubles nothing (issue 2, "Bad input")."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.timeout(300)]

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest_asyncio.fixture(scope="session")
async def api(stack: Stack) -> Any:
    signed_in = await Api(stack.gateway_url).sign_in(stack.username("admin"), stack.password("admin"))
    yield signed_in
    await signed_in.close()


@pytest_asyncio.fixture(scope="session")
async def factory(api: Api) -> Factory:
    return await build(api)


@pytest.fixture
def order(stack: Stack, factory: Factory) -> Json:
    due = str(stack.today + timedelta(days=20))
    lines = [{"item_code": factory.cable, "quantity": "1"}]
    ref = f"R-{uuid.uuid4().hex}"
    return {"customer_id": factory.customer_id, "channel": "wechat", "source_ref": ref, "due_date": due, "lines": lines}


def assert_problem(answer: Any, status: int, reason: str | None = None) -> Json:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: Json = answer.json()
    assert problem["status"] == status
    assert CHINESE.search(problem["title"]), problem
    assert problem["trace_id"]
    if reason:
        assert reason in {problem["reason"], *(error["reason"] for error in problem.get("errors") or [])}, problem
    return problem


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"customer_id": str(uuid.uuid4())}, "CUSTOMER_UNKNOWN"),
        ({"customer_id": "nobody"}, "CUSTOMER_UNKNOWN"),
        ({"due_date": "2020-01-01"}, "DUE_DATE_PAST"),
        ({"due_date": "someday"}, None),
        ({"channel": "pigeon"}, None),
        ({"urgency": "purple"}, None),
        ({"lines": []}, None),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(api: Api, order: Json, change: Json, reason: str | None) -> None:
    assert_problem(await api.call("POST", "/orders", {**order, **change}), 422, reason)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"item_code": "NO-SUCH-ITEM"}, "ITEM_UNKNOWN"),
        ({"unit": "furlong"}, "UNIT_UNKNOWN"),
        ({"quantity": "0"}, "QUANTITY_NOT_POSITIVE"),
        ({"quantity": "-1"}, "QUANTITY_NOT_POSITIVE"),
        ({"quantity": "1234567890123456789"}, "QUANTITY_TOO_LARGE"),
        ({"quantity": "1.5"}, "QUANTITY_NOT_WHOLE"),
        ({"quantity": "NaN"}, None),
        ({"quantity": "1e400"}, None),
        ({"quantity": True}, None),
        ({"colour": "red"}, None),
    ],
)
async def test_a_line_that_makes_no_sense_is_refused_naming_it(
    api: Api, order: Json, line: Json, reason: str | None
) -> None:
    bad = {**order, "lines": [order["lines"][0], {**order["lines"][0], **line}]}

    problem = assert_problem(await api.call("POST", "/orders", bad), 422, reason)

    assert any("1" in error["field"] for error in problem["errors"]), problem


async def test_all_field_errors_come_at_once(api: Api, order: Json) -> None:
    bad = {**order, "due_date": "2020-01-01", "lines": [{"item_code": "NOPE", "quantity": "0"}]}

    problem = assert_problem(await api.call("POST", "/orders", bad), 422)

    assert len(problem["errors"]) >= 3


async def test_unknown_fields_are_named(api: Api, order: Json) -> None:
    problem = assert_problem(await api.call("POST", "/orders", {**order, "price": 1, "state": "shipped"}), 422)

    assert {"price", "state"} <= {error["field"] for error in problem["errors"]}


async def test_ten_thousand_lines_are_refused(api: Api, order: Json) -> None:
    answer = await api.call("POST", "/orders", {**order, "lines": order["lines"] * 10_000})

    assert answer.status_code in (413, 422)
    assert_problem(answer, answer.status_code)


async def test_malformed_json_is_unreadable(api: Api) -> None:
    headers = {
        "Authorization": f"Bearer {api.token}",
        "Idempotency-Key": str(uuid.uuid4()),
        "Content-Type": "application/json",
    }

    assert_problem(await api.http.post("/orders", content=b'{"customer_id": ', headers=headers), 400)


async def test_another_content_type_is_refused(api: Api) -> None:
    headers = {
        "Authorization": f"Bearer {api.token}",
        "Idempotency-Key": str(uuid.uuid4()),
        "Content-Type": "text/plain",
    }

    assert_problem(await api.http.post("/orders", content=b"hello", headers=headers), 415)


async def test_without_a_key_nothing_is_done(api: Api, order: Json) -> None:
    answer = await api.http.post("/orders", json=order, headers={"Authorization": f"Bearer {api.token}"})

    assert_problem(answer, 400, "IDEMPOTENCY_KEY_REQUIRED")


async def test_a_replayed_key_gets_the_first_answer_byte_for_byte(api: Api, order: Json) -> None:
    key = str(uuid.uuid4())

    first = await api.call("POST", "/orders", order, key=key)
    again = await api.call("POST", "/orders", order, key=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert_problem(
        await api.call("POST", "/orders", {**order, "note": "other"}, key=key), 422, "IDEMPOTENCY_KEY_REUSED"
    )


async def test_the_same_original_number_twice_is_a_conflict(api: Api, order: Json) -> None:
    first = await api.post("/orders", order)

    problem = assert_problem(await api.call("POST", "/orders", order), 409)

    assert first["number"] in str(problem)


async def test_a_stale_etag_changes_nothing(api: Api, order: Json) -> None:
    made = await api.post("/orders", order)
    read = await api.call("GET", f"/orders/{made['number']}")
    etag = read.headers["ETag"]

    assert_problem(await api.call("PATCH", f"/orders/{made['number']}", {"note": "a"}), 428)
    changed = await api.call("PATCH", f"/orders/{made['number']}", {"note": "a"}, If_Match=etag)
    assert (changed.status_code, changed.json()["note"]) == (200, "a")
    assert_problem(await api.call("PATCH", f"/orders/{made['number']}", {"note": "b"}, If_Match=etag), 412)
    assert (await api.get(f"/orders/{made['number']}"))["note"] == "a"


async def test_an_illegal_move_says_what_is_allowed(api: Api, order: Json) -> None:
    made = await api.post("/orders", order)

    problem = assert_problem(await api.call("POST", f"/orders/{made['number']}:plan", {}), 409)

    assert "confirm" in problem["allowed"]


@pytest.mark.parametrize(
    "path", ["/orders/SO19990101-0001", "/production-orders/PO0", "/items/NOPE", "/customers/x", "/stock/NOPE"]
)
async def test_what_does_not_exist_is_not_found(api: Api, path: str) -> None:
    assert_problem(await api.call("GET", path), 404)


async def test_without_a_token_nothing_is_shown(stack: Stack) -> None:
    nobody = Api(stack.gateway_url)

    assert_problem(await nobody.call("GET", "/orders"), 401)
    assert_problem(await nobody.call("POST", "/auth/login", {"username": "admin", "password": "wrong"}), 401)
    await nobody.close()


async def test_a_role_may_only_do_its_own(stack: Stack, order: Json) -> None:
    keeper = await Api(stack.gateway_url).sign_in(stack.username("warehouse"), stack.password("warehouse"))

    assert_problem(await keeper.call("POST", "/orders", order), 403)
    await keeper.close()


async def test_an_unknown_code_gets_a_verdict_that_says_what_to_do(api: Api) -> None:
    scan = {"scan_id": str(uuid.uuid4()), "code": "\u0000 nonsense", "device_id": "PAD-1", "occurred_at": "yesterday"}

    verdict = await api.post("/scans", {**scan, "code": "NO-SUCH-JOB"}, expect=200)

    assert (verdict["result"], bool(CHINESE.search(verdict["message"]))) == ("rejected", True)


NEEDED = {"/reports/lead-times/orders": {"stage": "confirm_to_release"}}
GARBAGE = ("garbage", "!!!", "AAAA", "MDE5YWIzYzQ", "缆", "9" * 900)


async def test_no_list_begins_again_at_a_token_it_cannot_read(api: Api, factory: Factory) -> None:
    paths = (await api.call("GET", "/openapi.json")).json()["paths"]
    lists = [
        path.removeprefix("/api/v1").replace("/stock/{code}", f"/stock/{factory.cable}")
        for path, item in paths.items()
        if any(parameter["name"] == "page_token" for parameter in item.get("get", {}).get("parameters", ()))
    ]
    lists = [path for path in lists if "{" not in path]
    assert len(lists) > 12, lists

    for path in lists:
        for token in GARBAGE:
            asked = urlencode({**NEEDED.get(path, {}), "page_token": token})
            answer = await api.call("GET", f"{path}?{asked}")
            assert_problem(answer, 422, "PAGE_TOKEN_INVALID")
