"""The export and the erasure of a person at a customer: the order service's part and the gateway's own (row 38)."""

from __future__ import annotations

from typing import Any

from orderhub.notify.v1.notify_pb2 import ListRecipientsResponse, Recipient
from orderhub.order.v1.personal_data_pb2 import EraseContactResponse, ExportContactResponse, PersonalDatum

from chassis.sql import text
from tests.service.gateway.conftest import House
from tests.service.gateway.test_forms import made
from tests.service.gateway.test_refusals import kept, turned_away

WANG = {"name": "王工", "phone": "138 0013 8000", "reason": "本人来信"}
PLACES = "/customers/c1:{}"


def tell(house: House) -> None:
    datum = PersonalDatum(place="order", ref="SO1", field="contact.phone", value="+8613800138000")
    house.services.tell("ExportContact", ExportContactResponse(data=[datum], phones=["+8613800138000"], complete=True))
    house.services.tell("EraseContact", EraseContactResponse(contacts=1, orders=2, texts=3))
    bound = ListRecipientsResponse(recipients=[Recipient(kind="wechat_mp", address="oX1a…i0")])
    house.services.tell("ListRecipients", bound)


async def sent(house: House, what: str, body: dict[str, Any] = WANG, **more: Any) -> Any:
    return await house.call("POST", PLACES.format(what), json=body, **more)


async def test_an_export_gathers_every_place(house: House) -> None:
    tell(house)
    code = await made(house)
    await turned_away(house, code, lines=[])
    await house.call("GET", "/customers?phone=13800138000", role="clerk")

    told = await sent(house, "export_contact")

    assert told.status_code == 200, told.text
    items = told.json()["items"]
    assert {one["place"] for one in items} == {"order", "recipient", "refusal", "phone_lookup"}
    assert {"place": "order", "ref": "SO1", "field": "contact.phone", "value": "+8613800138000"} in items
    assert ("looked_up_by", "clerk") in {(one["field"], one["value"]) for one in items}
    asked = house.services.last("ExportContact").request
    assert (asked.context.route, asked.context.idempotency_key, asked.context.reason) == (
        "POST /customers/{customer}:export_contact", "", "本人来信",
    )  # fmt: skip
    assert told.headers["cache-control"] == "no-store"


async def test_an_erasure_takes_what_forms_refused_and_a_repetition_is_the_first_answer(house: House) -> None:
    tell(house)
    code = await made(house)
    await turned_away(house, code, lines=[])
    await turned_away(house, code, lines=[], phone="13900139000")
    [closed] = [one for one in await kept(house, code) if one["sent"]["phone"] == "13800138000"]
    await house.call("POST", f"/refusals/{closed['id']}:close", role="sales", json={})

    first = await sent(house, "erase_contact", key="erase-1")
    again = await sent(house, "erase_contact", key="erase-1")

    assert first.json() == {"contacts": 1, "orders": 2, "texts": 3, "refusals": first.json()["refusals"]}
    assert first.json()["refusals"] >= 1
    assert again.content == first.content
    left = [one["sent"]["phone"] for one in await kept(house, code, state="all")]
    assert left == ["13900139000"]
    async with house.gateway.database.read() as connection:
        answers = await connection.execute(
            text("SELECT count(*) FROM idempotency WHERE position(convert_to('13800138000', 'UTF8') IN answer) > 0")
        )
        assert answers.scalar_one() == 0


async def test_a_reason_is_needed_and_nothing_is_asked_without(house: House) -> None:
    for what in ("export_contact", "erase_contact"):
        refused = await sent(house, what, {"phone": "13800138000"})
        assert refused.status_code == 422
        assert [one["field"] for one in refused.json()["errors"]] == ["reason"]
    assert house.services.count("EraseContact") == house.services.count("ExportContact") == 0


async def test_a_number_too_short_to_tell_anybody_apart_takes_nothing(house: House) -> None:
    tell(house)
    house.services.tell("ExportContact", ExportContactResponse(phones=["+861"], complete=True))
    code = await made(house)
    await turned_away(house, code, phone="1")

    assert (await sent(house, "erase_contact")).json()["refusals"] == 0
    assert len(await kept(house, code)) == 1
