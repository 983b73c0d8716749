"""Public order forms: behind a QR, without signing in, closed when revoked, telling nobody who is known."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
import zxingcpp
from orderhub.order.v1.customer_pb2 import CreateCustomerResponse, Customer, ListCustomersResponse
from orderhub.order.v1.order_pb2 import SubmitOrderResponse
from orderhub.planning.v1.master_pb2 import BatchGetItemsResponse, Item, ListItemsResponse

from gateway_service.limits import Limiter
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse
from tests.service.gateway.test_orders import ORDER

BODY = {
    "company": "启明", "contact_name": "王工", "phone": "13800138000", "due_date": "2026-12-01",
    "lines": [{"item_code": "MOTOR", "quantity": 2}],
}  # fmt: skip


ITEMS = {
    "MOTOR": Item(code="MOTOR", name="电机", unit="台", supply="make", active=True),
    "WIRE": Item(code="WIRE", name="铜线", unit="m", supply="buy", active=True),
    "OLD": Item(code="OLD", name="旧款", unit="台", supply="make", active=False),
}


def _known(request: Any) -> BatchGetItemsResponse:
    return BatchGetItemsResponse(items={code: ITEMS[code] for code in request.codes if code in ITEMS})


async def made(house: House) -> str:
    house.gateway.form_limiter = Limiter(0.001, 20)
    house.gateway.track_limiter = Limiter(1, 100)
    house.services.tell("SubmitOrder", SubmitOrderResponse(order=ORDER))
    house.services.tell("BatchGetItems", _known)
    answer = await house.call("POST", "/forms", role="sales", json={"label": "春季展会", "sales_owner": "sales"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["url"] == f"https://hub.example/f/{answer.json()['code']}"
    return str(answer.json()["code"])


async def sent(house: House, code: str, key: str = "k") -> dict[str, object]:
    answer = await house.http.post(f"/forms/{code}/orders", json=BODY, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_new_customer_is_made_and_the_order_carries_its_owner(house: House) -> None:
    code = await made(house)
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))

    told = await sent(house, code)

    heard = house.services.last("SubmitOrder")
    assert (heard.request.customer_id, heard.request.sales_owner, heard.request.channel) == ("new", "sales", "web")
    assert heard.principal.subject == f"form:{code}"
    assert house.services.last("CreateCustomer").request.contacts[0].phone == "13800138000"
    assert set(told) == {"number", "tracking_url", "due_date", "warnings"}
    assert told["warnings"] == ["该交期需确认产能"]


async def test_the_answer_does_not_tell_whether_the_phone_was_known(house: House) -> None:
    code = await made(house)
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))
    unknown = await sent(house, code, "k1")
    house.services.tell("ListCustomers", ListCustomersResponse(customers=[Customer(id="old", name="秘密客户")]))

    known = await sent(house, code, "k2")

    assert known == unknown
    assert house.services.last("SubmitOrder").request.customer_id == "old"


async def test_whoever_was_faster_with_the_same_phone_is_the_customer(house: House) -> None:
    code = await made(house)
    taken = Refuse(grpc.StatusCode.ALREADY_EXISTS, "CUSTOMER_PHONE_TAKEN", {"customer_id": "faster"})
    house.services.tell("CreateCustomer", taken)

    await sent(house, code)

    assert house.services.last("SubmitOrder").request.customer_id == "faster"


async def test_a_revoked_form_is_gone(house: House) -> None:
    code = await made(house)
    assert (await house.http.get(f"/forms/{code}")).json()["label"] == "春季展会"

    revoked = await house.call("POST", f"/forms/{code}:revoke", role="sales")

    assert revoked.json()["revoked_at"]
    for answer in (
        await house.http.get(f"/forms/{code}"),
        await house.http.get(f"{house.base}/f/{code}"),
        await house.http.post(f"/forms/{code}/orders", json=BODY, headers={"Idempotency-Key": "k"}),
    ):
        assert answer.status_code == 410
    assert (await house.http.get("/forms/nothing")).status_code == 404


async def test_few_orders_from_one_address(house: House) -> None:
    code = await made(house)
    house.gateway.form_limiter = Limiter(0.001, 2)

    statuses = [
        (await house.http.post(f"/forms/{code}/orders", json=BODY, headers={"Idempotency-Key": f"k{n}"})).status_code
        for n in range(3)
    ]

    assert statuses == [201, 201, 429]


async def test_the_qr_leads_to_the_form(house: House) -> None:
    code = await made(house)

    picture = await house.http.get(f"/forms/{code}/qr")

    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert b"IEND" in picture.content


def test_the_picture_holds_what_was_written() -> None:
    import struct
    import zlib

    from gateway_service.forms import qr_png

    png = qr_png("https://hub.example/f/abc")
    width, height = struct.unpack(">II", png[16:24])
    packed = png[png.index(b"IDAT") + 4 : png.index(b"IEND") - 8]
    raw = zlib.decompress(packed)
    rows = b"".join(raw[line * (width + 1) + 1 : (line + 1) * (width + 1)] for line in range(height))

    assert zxingcpp.read_barcode(memoryview(rows).cast("B", (height, width))).text == "https://hub.example/f/abc"


async def test_the_page_shows_what_is_wrong_and_thanks(house: House) -> None:
    code = await made(house)
    house.services.tell(
        "ListItems", ListItemsResponse(items=[Item(code="MOTOR", name="<电机>", active=True, supply="make")])
    )
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))
    page = f"{house.base}/f/{code}"
    filled = {"key": "page-key", "company": "启明", "contact_name": "王工", "phone": "13800138000",
              "due_date": "2026-12-01", "item_code": "MOTOR", "quantity": "２", "note": ""}  # fmt: skip

    empty = await house.http.get(page)
    wrong = await house.http.post(page, data={**filled, "quantity": "many", "company": ""})
    good = await house.http.post(page, data={**filled, "key": "page-\x00key", "note": "\x00"})

    assert "&lt;电机&gt;" in empty.text
    assert (wrong.status_code, "应为数字" in wrong.text, "必填" in wrong.text) == (422, True, True)
    assert "value='13800138000'" in wrong.text
    assert (good.status_code, "SO20261122-0001" in good.text) == (201, True)
    heard = house.services.last("SubmitOrder").request
    assert (heard.lines[0].quantity, heard.context.idempotency_key) == ("2", "page-key")


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


async def test_a_form_takes_its_own_pictures_and_nobody_elses(house: House) -> None:
    code, other = await made(house), await made(house)
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))

    async def uploaded(form: str, content: bytes = PNG) -> tuple[int, dict[str, object]]:
        answer = await house.http.post(
            f"/forms/{form}/attachments", files={"file": ("图.png", content, "image/png")},
            headers={"Idempotency-Key": f"{form}-{len(content)}"},
        )  # fmt: skip
        return answer.status_code, dict(answer.json())

    async def ordered(attachment: object, key: str) -> int:
        answer = await house.http.post(
            f"/forms/{code}/orders", json={**BODY, "attachment_ids": [attachment]}, headers={"Idempotency-Key": key}
        )
        return answer.status_code

    status, mine = await uploaded(code)
    _, again = await uploaded(code)
    _, strange = await uploaded(other)

    assert (status, again) == (201, mine)
    assert (await uploaded(code, b"MZ not a picture"))[0] == 415
    assert await ordered(strange["id"], "k1") == 422
    assert await ordered("no id at all", "k2") == 422
    assert await ordered(mine["id"], "k3") == 201
    assert list(house.services.last("SubmitOrder").request.attachment_ids) == [mine["id"]]


async def test_pictures_count_against_the_limit_of_the_form(house: House) -> None:
    code = await made(house)
    house.gateway.form_limiter = Limiter(0.001, 1)

    statuses = [
        (
            await house.http.post(
                f"/forms/{code}/attachments",
                files={"file": ("a.png", PNG, "image/png")},
                headers={"Idempotency-Key": f"k{n}"},
            )
        ).status_code
        for n in range(2)
    ]

    assert statuses == [201, 429]


async def ordered(house: House, code: str, *items: str) -> Any:
    lines = [{"item_code": item, "quantity": 1} for item in items]
    return await house.http.post(
        f"/forms/{code}/orders", json={**BODY, "lines": lines}, headers={"Idempotency-Key": "-".join(items)}
    )


async def test_a_form_without_chosen_goods_offers_what_the_factory_makes(house: House) -> None:
    code = await made(house)
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))
    house.services.tell("ListItems", ListItemsResponse(items=[ITEMS["MOTOR"]]))

    shown = (await house.http.get(f"/forms/{code}")).json()

    asked = house.services.last("ListItems").request
    assert (asked.supply, asked.active_only) == ("make", True)
    assert shown["items"] == [{"code": "MOTOR", "name": "电机", "unit": "台"}]
    assert (await ordered(house, code, "MOTOR")).status_code == 201
    refused = await ordered(house, code, "MOTOR", "WIRE", "OLD", "NOTHING")
    assert refused.status_code == 422
    assert [one["field"] for one in refused.json()["errors"]] == [f"lines.{n}.item_code" for n in (1, 2, 3)]
    assert refused.json()["errors"][0]["message"] == "WIRE 不在这张下单表的可订产品里"


async def test_a_form_offers_the_goods_chosen_for_it_and_no_other(house: House) -> None:
    code = await made(house)
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))
    chosen = {"item_codes": ["WIRE", "OLD", "WIRE"], "label": "备件"}

    changed = await house.call("PATCH", f"/forms/{code}", role="sales", json=chosen, headers={"If-Match": '"1"'})
    again = await house.call("PATCH", f"/forms/{code}", role="sales", json=chosen, headers={"If-Match": '"1"'})

    assert (changed.status_code, changed.headers["etag"], again.status_code) == (200, '"2"', 412)
    assert (changed.json()["item_codes"], changed.json()["label"]) == (["WIRE", "OLD"], "备件")
    assert [one["code"] for one in (await house.http.get(f"/forms/{code}")).json()["items"]] == ["WIRE"]
    assert (await ordered(house, code, "WIRE")).status_code == 201
    assert (await ordered(house, code, "MOTOR")).status_code == 422


async def test_a_form_takes_orders_while_planning_is_away(house: House) -> None:
    code = await made(house)
    house.services.tell("CreateCustomer", CreateCustomerResponse(customer=Customer(id="new")))
    house.services.tell("BatchGetItems", Refuse(grpc.StatusCode.UNAVAILABLE, "AWAY"))

    assert (await ordered(house, code, "MOTOR")).status_code == 201


@pytest.mark.parametrize("closed", [False, True])
async def test_a_form_that_is_not_there_cannot_be_changed(house: House, closed: bool) -> None:
    code = await made(house) if closed else "nothing"
    if closed:
        await house.call("POST", f"/forms/{code}:revoke", role="sales")

    answer = await house.call("PATCH", f"/forms/{code}", json={"label": "x"}, headers={"If-Match": '"1"'})

    assert answer.status_code == (410 if closed else 404)
