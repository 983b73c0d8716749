"""A person at a customer is told what is kept of them, and forgotten; orders and figures stay (row 38)."""

from __future__ import annotations

from typing import Any

import pytest
from orderhub.common.v1.common_pb2 import CommandContext, Contact
from orderhub.order.v1 import complaint_pb2, order_pb2
from orderhub.order.v1 import personal_data_pb2 as pb

from chassis.principal import Principal, current
from order_service.domain.errors import Forbidden, IllegalMove, Invalid, NotFound
from order_service.entrypoints.grpc_personal_data import PersonalDataApi
from tests.service.order.conftest import World

PHONE = "+8613800138000"
WANG = Contact(name="王工", phone="138 0013 8000")


def api(world: World) -> PersonalDataApi:
    return world.service.servicers[5][1]


def as_admin() -> None:
    current.set(Principal("admin", "user", frozenset({"admin"})))


def asked(world: World, contact: Contact | None = WANG, key: str = "", reason: str = "本人要求") -> dict[str, Any]:
    context = world.context(key, route="POST /customers/{customer}:erase_contact")
    context.reason = reason
    return {"context": context, "customer_id": world.customer.id, "contact": contact}


async def erase(world: World, **values: Any) -> pb.EraseContactResponse:
    return await api(world).EraseContact(pb.EraseContactRequest(**asked(world, **values)), None)


async def export(world: World, **values: Any) -> pb.ExportContactResponse:
    request = pb.ExportContactRequest(**asked(world, **values))
    request.context.idempotency_key = ""
    return await api(world).ExportContact(request, None)


async def with_traces(world: World) -> order_pb2.Order:
    """Return an order that names 王工 in its contact, note, timeline, complaint and signature."""
    order = await world.confirmed(("A", "2"), note="找王工 138-0013-8000 收货", contact=WANG)
    await world.customers.UpdateCustomer(world_update(world, [WANG, Contact(name="李工", phone="13900139000")]), None)
    change = order_pb2.ReviseOrderRequest(
        context=world.context(), order=order.number, expected_version=order.version, fields=["contact"],
        contact=Contact(phone="13900139000"),
    )  # fmt: skip
    other = (await world.orders.ReviseOrder(change, None)).order
    back = order_pb2.ReviseOrderRequest(
        context=world.context(), order=order.number, expected_version=other.version, fields=["contact"], contact=WANG
    )
    await world.orders.ReviseOrder(back, None)
    await world.complaints.RecordComplaint(
        complaint_pb2.RecordComplaintRequest(
            context=world.context(), order=order.number, kind="late", text="王工来电 13800138000：太晚"
        ),
        None,
    )
    return await world.order(order.number)


def world_update(world: World, contacts: list[Contact]) -> Any:
    from orderhub.order.v1.customer_pb2 import UpdateCustomerRequest

    return UpdateCustomerRequest(
        context=world.context(), customer_id=world.customer.id, fields=["contacts"], contacts=contacts
    )


async def test_an_export_tells_every_place_and_is_on_record_but_kept_nowhere(world: World) -> None:
    order = await with_traces(world)
    as_admin()

    told = await export(world)

    assert told.complete
    assert list(told.phones) == [PHONE]
    places = {(one.place, one.ref, one.field) for one in told.data}
    assert {("customer", "", "contact.phone"), ("order", order.number, "contact.name"), ("order", order.number, "note"),
            ("complaint", order.number, "text")} <= places  # fmt: skip
    assert any(place == "timeline" for place, _, _ in places)
    assert "李工" not in " ".join(one.value for one in told.data if one.place in ("customer", "order"))
    (noted,) = await world.rows("SELECT reason, key, actor FROM audit_log WHERE action LIKE '%erase_contact'")
    assert noted == {"reason": "本人要求", "key": "", "actor": "admin"}
    assert await world.rows("SELECT 1 FROM idempotency WHERE route LIKE '%erase_contact'") == []


async def test_an_erased_person_is_nowhere_and_the_order_stays(world: World) -> None:
    order = await with_traces(world)
    before = await world.rows("SELECT item_code, quantity FROM order_line")
    as_admin()

    erased = await erase(world)

    assert (erased.contacts, erased.orders) == (1, 1)
    assert erased.texts >= 3
    kept = await export(world)
    assert [one for one in kept.data if one.place != "customer"] == []
    dump = str([await world.rows(f"SELECT * FROM {table}") for table in
                ("customer_contact", "customer_phone", "customer_order", "timeline", "complaint", "shipment")])  # fmt: skip
    for said in ("王工", "13800138000", "138-0013-8000"):
        assert said not in dump
    assert "李工" in dump
    assert "13900139000" in dump
    assert await world.rows("SELECT item_code, quantity FROM order_line") == before
    now = await world.order(order.number)
    assert (now.contact.name, now.contact.phone, now.state) == ("***", "", order.state)
    assert now.version > order.version


async def test_the_tracking_link_ends(world: World) -> None:
    order = await with_traces(world)
    as_admin()
    await erase(world)

    with pytest.raises(NotFound):
        await world.orders.GetTrackedOrder(order_pb2.GetTrackedOrderRequest(token=order.tracking_token), None)
    assert (await world.order(order.number)).tracking_token != order.tracking_token


async def test_answers_kept_for_repeated_requests_are_blanked_and_still_readable(world: World) -> None:
    first = await world.submit(("A", "1"), key="once", contact=WANG, source_ref="R1")
    as_admin()
    await erase(world)

    answers = b"".join(row["answer"] or b"" for row in await world.rows("SELECT answer FROM idempotency"))
    assert "王工".encode() not in answers
    assert b"13800138000" not in answers
    current.set(Principal("li.na", "user", frozenset({"clerk"})))
    again = await world.submit(("A", "1"), key="once", contact=WANG, source_ref="R1")
    assert (again.number, again.contact.name) == (first.number, "******")


async def test_a_second_erasure_finds_nobody_and_tells_nothing(world: World) -> None:
    order = await with_traces(world)
    as_admin()
    first = await erase(world, key="e1")
    told = await world.told(f"customers/{world.customer.id}")

    assert await erase(world, key="e1") == first
    assert await erase(world, key="e2") == pb.EraseContactResponse()
    assert await world.told(f"customers/{world.customer.id}") == told
    event = told[-1]
    assert event.type == "orderhub.order.v1.ContactErased"
    assert event.data == {"customer_id": world.customer.id, "everybody": False, "order_numbers": [order.number]}


async def test_without_a_name_everybody_is_forgotten(world: World) -> None:
    await with_traces(world)
    as_admin()

    assert (await erase(world, contact=None)).contacts == 2

    assert (await world.told(f"customers/{world.customer.id}"))[-1].data["everybody"] is True
    assert await world.rows("SELECT 1 FROM customer_contact") == []
    current.set(Principal("li.na", "user", frozenset({"clerk"})))
    again = await world.new_customer("新客户", contacts=[WANG])  # the phone is free again
    assert again.contacts[0].phone == PHONE


async def test_another_customers_person_of_the_same_name_stays(world: World) -> None:
    other = await world.new_customer("别家", contacts=[{"name": "王工", "phone": "13700137000"}])
    theirs = await world.submit(("A", "1"), customer_id=other.id, note="王工要")
    as_admin()
    await erase(world)

    assert (await world.order(theirs.number)).note == "王工要"
    assert (await world.order(theirs.number)).contact.name == "王工"


@pytest.mark.parametrize("role", ["clerk", "sales_supervisor", "manager"])
async def test_nobody_but_an_administrator_asks(world: World, role: str) -> None:
    current.set(Principal("x", "user", frozenset({role})))

    with pytest.raises(Forbidden) as refused:
        await erase(world)
    assert world.refusal(refused.value) == ("PERMISSION_DENIED", "FORBIDDEN")
    with pytest.raises(Forbidden):
        await export(world)


async def test_every_problem_at_once(world: World) -> None:
    as_admin()
    with pytest.raises(Invalid) as refused:
        await erase(world, contact=Contact(name="x" * 101, phone="12"), reason=" ")

    assert {one.field for one in refused.value.fields} == {"contact.name", "contact.phone", "reason"}


async def test_who_is_not_there_or_was_merged_away_is_said_so(world: World) -> None:
    other = await world.new_customer("重复")
    from orderhub.order.v1.customer_pb2 import MergeCustomerRequest

    merge = MergeCustomerRequest(context=world.context(), customer_id=world.customer.id, absorbed_id=other.id)
    await world.customers.MergeCustomer(merge, None)
    as_admin()
    values = asked(world)
    with pytest.raises(IllegalMove):
        await api(world).EraseContact(pb.EraseContactRequest(**{**values, "customer_id": other.id}), None)
    with pytest.raises(NotFound):
        await api(world).EraseContact(
            pb.EraseContactRequest(**{**asked(world), "customer_id": "0" * 8, "context": CommandContext(reason="r")}),
            None,
        )
