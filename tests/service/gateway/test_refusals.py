"""What forms and imports refuse is kept for those it concerns, once, until it is dealt with or forgotten."""

from __future__ import annotations

from typing import Any

import grpc
from orderhub.order.v1.customer_pb2 import CreateCustomerResponse, Customer
from orderhub.planning.v1.master_pb2 import ImportBomsResponse, ImportVerdict

from chassis.errors import FieldProblem
from chassis.sql import text
from gateway_service import refusals
from gateway_service.limits import Limiter
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse
from tests.service.gateway.test_forms import BODY, made, sent


async def turned_away(house: House, code: str, **changed: Any) -> int:
    answer = await house.http.post(f"/forms/{code}/orders", json=BODY | changed, headers={"Idempotency-Key": "r"})
    return int(answer.status_code)


async def kept(house: House, code: str, role: str = "sales", state: str = "open") -> list[dict[str, Any]]:
    answer = await house.call("GET", f"/refusals?state={state}&page_size=200", role=role)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if one["ref"] == code]


async def test_an_order_turned_away_names_the_customer_and_why(house: House) -> None:
    code = await made(house)
    wrong = [FieldProblem("due_date", "DUE_IN_THE_PAST"), FieldProblem("lines.0.quantity", "WHOLE_UNITS_ONLY")]
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))
    house.services.tell("SubmitOrder", Refuse(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT", {}, wrong))

    assert await turned_away(house, code) == 422

    [one] = await kept(house, code)
    assert (one["label"], one["owner"], one["who"], one["times"]) == ("春季展会", "sales", f"form:{code}", 1)
    assert (one["sent"]["phone"], one["sent"]["lines"]) == ("13800138000", [{"item_code": "MOTOR", "quantity": "2"}])
    assert [error["field"] for error in one["errors"]] == ["due_date", "lines.0.quantity"]
    assert all(error["message"] for error in one["errors"])


async def test_what_cannot_even_be_read_as_an_order_is_kept_too(house: House) -> None:
    code = await made(house)

    assert await turned_away(house, code, phone="1", lines=[]) == 422

    [one] = await kept(house, code)
    assert {error["field"] for error in one["errors"]} == {"phone", "lines"}


async def test_a_closed_form_tells_who_came_too_late(house: House) -> None:
    code = await made(house)
    await house.call("POST", f"/forms/{code}:revoke", role="sales")

    assert await turned_away(house, code) == 410

    [one] = await kept(house, code)
    assert (one["reason"], one["sent"]["company"]) == ("FORM_CLOSED", "启明")


async def test_the_same_attempt_again_counts_up_and_opens_again(house: House) -> None:
    code = await made(house)
    for _ in range(2):
        await turned_away(house, code, phone="1")
    [one] = await kept(house, code)

    closed = await house.call("POST", f"/refusals/{one['id']}:close", role="sales", json={"note": "已回电"})
    gone = await kept(house, code)
    await turned_away(house, code, phone="1")

    assert (one["times"], closed.json()["closed_by"], closed.json()["note"], gone) == (2, "sales", "已回电", [])
    [again] = await kept(house, code)
    assert (again["id"], again["times"]) == (one["id"], 3)


async def test_the_order_that_follows_closes_it(house: House) -> None:
    code = await made(house)
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))
    await turned_away(house, code, due_date="someday")

    await sent(house, code)

    assert await kept(house, code) == []
    [one] = await kept(house, code, state="closed")
    assert one["closed_by"] == f"form:{code}"


async def test_a_salesperson_sees_their_own_forms_and_planners_no_customers(house: House) -> None:
    code = await made(house)
    theirs = await house.call("POST", "/forms", json={"label": "别人的", "sales_owner": "somebody"})
    for form in (code, theirs.json()["code"]):
        await turned_away(house, form, phone="1")

    assert len(await kept(house, code)) == 1
    assert await kept(house, theirs.json()["code"]) == []
    [one] = await kept(house, theirs.json()["code"], role="manager")
    assert await kept(house, code, role="planner") == []
    for role, status in (("sales", 404), ("planner", 404), ("finance", 403), ("manager", 200)):
        answer = await house.call("POST", f"/refusals/{one['id']}:close", role=role)
        assert answer.status_code == status, role


async def test_no_more_is_kept_than_a_person_reads(house: House) -> None:
    code = await made(house)
    line = {"item_code": "字" * 5000, "quantity": {"deep": ["x" * 5000]}, "other": "y" * 5000}

    await turned_away(house, code, phone=" 1 ", note="长" * 5000, extra="z" * 5000, lines=[line] * 30 + [7])

    [one] = await kept(house, code)
    assert (one["sent"]["phone"], len(one["sent"]["note"]), len(one["sent"]["lines"])) == ("1", 500, 20)
    assert max(len(value) for value in one["sent"]["lines"][0].values()) == 500
    assert "extra" not in one["sent"]


async def test_a_flood_is_not_kept(house: House) -> None:
    code = await made(house)
    house.gateway.form_limiter = Limiter(0.001, 3)

    for n in range(6):
        await turned_away(house, code, phone=str(n))

    assert len(await kept(house, code)) == 3


async def test_rows_left_out_of_an_import_are_kept_once_for_planners(house: House) -> None:
    verdicts = [
        ImportVerdict(row=2, item_code="A", component="B", result="accepted"),
        ImportVerdict(row=3, item_code="A", component="X", result="rejected", reason="ITEM_UNKNOWN", params={"item_code": "X"}),
    ]  # fmt: skip
    house.services.tell(
        "ImportBoms", ImportBomsResponse(row_count=2, accepted_count=1, rejected_count=1, verdicts=verdicts)
    )
    name = "结构-留存.csv"
    files = {"file": (name, b"a,b", "text/csv")}

    await house.call("POST", "/boms:import?dry_run=true", role="planner", files=files)
    looked = await kept(house, name, role="planner")
    await house.call("POST", "/boms:import", role="planner", key="i-kept", files=files)
    house.services.replayed = True
    await house.call("POST", "/boms:import", role="planner", key="i-kept", files=files)

    assert looked == []
    [one] = await kept(house, name, role="planner")
    assert (one["title"], one["times"], one["sent"]["accepted_count"]) == ("1 行没有导入", 1, 1)
    assert one["errors"] == [{"field": "3 A X", "reason": "ITEM_UNKNOWN", "message": one["errors"][0]["message"]}]
    assert "X" in one["errors"][0]["message"]
    assert await kept(house, name, role="sales") == []


async def test_old_refusals_are_forgotten_with_their_phone_numbers(house: House) -> None:
    code = await made(house)
    await turned_away(house, code, phone="1")
    assert await refusals.forget(house.gateway.database) == 0
    async with house.gateway.database.transaction(who="test") as unit:
        await unit.execute(
            text("UPDATE refusals SET last_at = last_at - interval '91 days' WHERE ref = :ref"), {"ref": code}
        )

    assert await refusals.forget(house.gateway.database) == 1
    assert await kept(house, code, state="all") == []


async def test_pages_follow_each_other_and_nonsense_is_refused(house: House) -> None:
    code = await made(house)
    for n in range(3):
        await turned_away(house, code, phone=str(n))

    first = (await house.call("GET", "/refusals?source=form&page_size=2", role="manager")).json()
    token = first["next_page_token"]
    second = (
        await house.call("GET", "/refusals", role="manager", params={"page_size": "2", "page_token": token})
    ).json()

    assert {one["id"] for one in first["items"]}.isdisjoint(one["id"] for one in second["items"])
    for bad in ("x", "2026-01-01T00:00:00|no", "2026-01-01T00:00:00|00000000-0000-0000-0000-000000000000"):
        answer = await house.call("GET", "/refusals", role="manager", params={"page_token": bad})
        assert (answer.status_code, answer.json()["reason"]) == (422, "PAGE_TOKEN_INVALID")
    assert (await house.call("POST", "/refusals/no-id:close", role="manager")).status_code == 404
