"""Finding orders and customers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import customer_pb2, order_pb2

from chassis.page_token import BadPageToken
from chassis.sql import text
from order_service.adapters.customers import CustomerRepository
from order_service.app.keep_customer import merge_customer
from order_service.domain.errors import Conflict, IllegalMove, Invalid, NotFound, Stale
from tests.service.order.conftest import World
from tests.support.waiting import eventually


async def found(world: World, **filters: object) -> list[str]:
    answer = await world.orders.ListOrders(order_pb2.ListOrdersRequest(**filters), None)
    return [order.number for order in answer.orders]


async def pages(world: World, **filters: str) -> AsyncIterator[list[str]]:
    """Yield the numbers of a list, two a page."""
    token = ""
    while True:
        page = PageRequest(page_size=2, page_token=token)
        answer = await world.orders.ListOrders(order_pb2.ListOrdersRequest(page=page, **filters), None)
        yield [order.number for order in answer.orders]
        if not (token := answer.next_page_token):
            return


async def test_pages_are_newest_first_and_stable_under_inserts(world: World) -> None:
    numbers = [(await world.submit(("A", "1"))).number for _ in range(5)]

    seen: list[str] = []
    async for page in pages(world):
        if not seen:
            await world.submit(("A", "1"))  # arrives between two pages
        seen += page

    assert seen == numbers[::-1]


async def test_a_list_is_sorted_as_a_whole_and_not_page_by_page(world: World) -> None:
    days = (9, 5, 7, 5, 12, 7, 9)
    numbers = [(await world.submit(("A", "1"), days=day)).number for day in days]
    due = [numbers[n] for n in (1, 3, 2, 5, 0, 6, 4)]  # of one day the first entered first

    for sort, expected in (("due_date", due), ("-due_date", due[::-1]), ("created_at", numbers), ("", numbers[::-1])):
        assert [number async for page in pages(world, sort=sort) for number in page] == expected, sort
        assert [number async for page in pages(world, sort=sort, state="cancelled") for number in page] == [], sort


async def test_a_page_of_one_order_is_no_page_of_another(world: World) -> None:
    for _ in range(3):
        await world.submit(("A", "1"))
    tokens = {}
    for sort in ("", "created_at", "due_date", "-due_date"):
        request = order_pb2.ListOrdersRequest(sort=sort, page=PageRequest(page_size=2))
        tokens[sort] = (await world.orders.ListOrders(request, None)).next_page_token

    for sort in tokens:
        for other, token in tokens.items():
            if other != sort:
                with pytest.raises(BadPageToken):
                    await found(world, sort=sort, page=PageRequest(page_token=token))


async def test_filters_narrow_together(world: World) -> None:
    red = await world.submit(("A", "1"), urgency="red", days=5)
    other = await world.confirmed(("A", "1"), channel="web", days=9)

    assert await found(world, state="confirmed") == [other.number]
    assert await found(world, urgency="red", state="submitted") == [red.number]
    assert await found(world, urgency="red", state="confirmed") == []
    assert await found(world, channel="web") == [other.number]
    assert await found(world, due_before="2026-11-28") == [red.number]
    assert await found(world, customer_id=world.customer.id) == [other.number, red.number]
    assert await found(world, customer_id="nobody") == []


async def test_open_orders_are_those_whose_goods_are_still_owed(world: World) -> None:
    waiting, dead = await world.submit(("A", "1"), days=5), await world.confirmed(("A", "1"), days=5)
    await world.move(dead.number, "cancel", "客户取消")

    assert await found(world, state="open") == [waiting.number]
    assert await found(world, state="open", due_before="2026-11-28") == [waiting.number]
    assert await found(world, state="open", urgency="red") == []


async def test_one_box_finds_an_order_by_anything_people_know(world: World) -> None:
    mine = await world.confirmed(("C", "5"), source_ref="WX-77%1")
    stranger = await world.new_customer("苏州同济", contacts=[{"name": "李", "phone": "13900000001"}])
    other = await world.submit(("A", "1"), customer_id=stranger.id)
    await world.tell("inventory", "shipments/SH1", inventory.GoodsShipped(
        order_number=mine.number, shipment_number="SH1", shipment_id="s1", tracking_numbers=["SF123456789"],
        lines=[inventory.GoodsLine(line_no=1, item_code="C", quantity="1", unit="m")],
    ))  # fmt: skip

    for q in (mine.number, mine.number.lower(), "WX-77%", "C", "SF123456789", "启明", "qmjd", "138 0013 8000"):
        assert await found(world, q=q) == [mine.number], q
    assert await found(world, q="13900000001") == [other.number]
    for nothing in ("WX-77_", "SF", "\x00", "'; DROP TABLE customer_order; --"):
        assert await found(world, q=nothing) == [], nothing


@pytest.mark.parametrize(
    "request_",
    [{"state": "happy"}, {"due_before": "soon"}, {"sort": "price"}, {"page": PageRequest(page_token="x")}],
)
async def test_a_filter_that_means_nothing_is_refused(world: World, request_: dict[str, object]) -> None:
    with pytest.raises((Invalid, BadPageToken)):
        await world.orders.ListOrders(order_pb2.ListOrdersRequest(**request_), None)


async def test_a_tracking_link_shows_its_order_and_no_other(world: World) -> None:
    order = await world.submit(("A", "1"), ("C", "2"))

    async def shown(token: str) -> order_pb2.GetTrackedOrderResponse:
        return await world.orders.GetTrackedOrder(order_pb2.GetTrackedOrderRequest(token=token), None)

    tracked = await shown(order.tracking_token)
    assert (tracked.number, tracked.state, len(tracked.lines)) == (order.number, "submitted", 2)
    assert "138" not in str(tracked)
    for token in ("", "x", order.tracking_token[:-1] + "!", order.tracking_token[:-2] + "AA", order.id):
        with pytest.raises(NotFound):
            await shown(token)
    fresh = await world.move(order.number, "revoke_tracking")
    with pytest.raises(NotFound):
        await shown(order.tracking_token)
    assert (await shown(fresh.tracking_token)).number == order.number


async def test_a_phone_and_a_credit_code_belong_to_one_customer(world: World) -> None:
    with pytest.raises(Conflict) as phone:
        await world.new_customer("另一家", contacts=[{"name": "甲", "phone": "+86 13800138000"}])
    await world.new_customer("第三家", credit_code="91310000ma1k35l75x")
    with pytest.raises(Conflict) as code:
        await world.new_customer("第四家", credit_code="91310000MA1K35L75X")

    assert (phone.value.reason, phone.value.params["customer_name"]) == ("CUSTOMER_PHONE_TAKEN", "启明机电")
    assert (code.value.reason, code.value.params["customer_name"]) == ("CREDIT_CODE_TAKEN", "第三家")
    assert await world.rows("SELECT 1 FROM customer WHERE name IN ('另一家', '第四家')") == []


async def test_a_customer_is_found_by_phone_and_by_initials(world: World) -> None:
    for request in (
        customer_pb2.ListCustomersRequest(phone="138-0013-8000"), customer_pb2.ListCustomersRequest(q="qmj"),
        customer_pb2.ListCustomersRequest(q="启明"),
    ):  # fmt: skip
        answer = await world.customers.ListCustomers(request, None)
        assert [customer.id for customer in answer.customers] == [world.customer.id]


async def test_a_customer_changes_against_the_version_seen(world: World) -> None:
    def change(version: int, **values: object) -> customer_pb2.UpdateCustomerRequest:
        return customer_pb2.UpdateCustomerRequest(
            customer_id=world.customer.id, expected_version=version, fields=list(values), **values
        )

    changed = (await world.customers.UpdateCustomer(change(1, tier="A"), None)).customer
    assert (changed.tier, changed.version, len(changed.contacts)) == ("A", 2, 1)
    with pytest.raises(Stale):
        await world.customers.UpdateCustomer(change(1, tier="B"), None)
    with pytest.raises(Invalid):
        await world.customers.UpdateCustomer(change(2, name=" "), None)


async def test_an_order_entered_during_a_merge_belongs_to_the_customer_that_stays(world: World) -> None:
    twin = await world.new_customer("启明机电有限公司")
    database = world.service.database

    async def waits() -> bool:
        async with database.read() as connection:
            return bool((await connection.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted"))).first())

    async with database.transaction() as unit:
        await merge_customer(world.customer.id, twin.id, CustomerRepository(unit))
        entering = asyncio.create_task(world.submit(("A", "1"), customer_id=twin.id))
        await eventually(waits)
    order = await entering

    assert order.customer.id == world.customer.id
    assert await found(world, customer_id=world.customer.id) == [order.number]


async def test_a_new_customer_of_a_known_name_is_kept_and_told(world: World) -> None:
    alone = await world.new_customer("苏州启明机电")
    namesake = await world.new_customer("苏州 启明机电 ")

    assert list(alone.warnings) == []
    assert [(one.reason, one.params["customer_id"]) for one in namesake.warnings] == [("CUSTOMER_NAME_KNOWN", alone.id)]
    assert namesake.id != alone.id


async def test_merging_keeps_every_order_and_contact(world: World) -> None:
    twin = await world.new_customer("启明机电有限公司", contacts=[{"name": "赵", "phone": "13900000002"}])
    orders = [
        await world.submit(("A", "1"), source_ref="N1"), await world.submit(("A", "1"), source_ref="N1", customer_id=twin.id)
    ]  # fmt: skip
    request = customer_pb2.MergeCustomerRequest(
        context=world.context(), customer_id=world.customer.id, absorbed_id=twin.id
    )

    merged = (await world.customers.MergeCustomer(request, None)).customer

    assert [contact.name for contact in merged.contacts] == ["王工", "赵"]
    assert sorted(await found(world, customer_id=world.customer.id)) == sorted(order.number for order in orders)
    late = await world.submit(("A", "1"), customer_id=twin.id)  # somebody still has the old id
    assert late.customer.id == world.customer.id
    with pytest.raises(IllegalMove):
        await world.customers.MergeCustomer(
            customer_pb2.MergeCustomerRequest(context=world.context(), customer_id=twin.id, absorbed_id=merged.id), None
        )


async def everybody(world: World, **filters: str) -> list[customer_pb2.Customer]:
    """Return every customer of a list, page by page."""
    found, token = [], ""
    while True:
        page = PageRequest(page_size=25, page_token=token)
        answer = await world.customers.ListCustomers(customer_pb2.ListCustomersRequest(page=page, **filters), None)
        found += answer.customers
        token = answer.next_page_token
        if not token:
            return found


async def test_sixty_two_customers_are_kept_apart_and_two_records_of_one_become_one(world: World) -> None:
    made = [world.customer]
    for n in range(1, 62):  # S8: the article's factory serves 62
        contacts = [
            {"name": f"采购{n}", "phone": f"139 0000 {n:04}"},
            {"name": f"仓库{n}", "phone": f"+86-137-0000-{n:04}"},
        ]
        credit_code = f"91320500MA1X{n:05}X"
        made.append(await world.new_customer(f"长三角客户{n}", contacts=contacts, credit_code=credit_code))
    orders = {one.id: (await world.submit(("A", "1"), customer_id=one.id)).number for one in made[:3]}

    assert [one.id for one in await everybody(world)] == [one.id for one in reversed(made)]
    for n in (1, 30, 61):
        assert [one.id for one in await everybody(world, phone=f"1390000{n:04}")] == [made[n].id]
        assert [one.id for one in await everybody(world, phone=f"1370000{n:04}")] == [made[n].id]
        assert [contact.name for contact in made[n].contacts] == [f"采购{n}", f"仓库{n}"]

    await world.customers.MergeCustomer(
        customer_pb2.MergeCustomerRequest(context=world.context(), customer_id=made[1].id, absorbed_id=made[2].id), None
    )

    left = await everybody(world)
    assert [one.id for one in left] == [one.id for one in reversed(made) if one.id != made[2].id]
    assert [one.id for one in await everybody(world, phone="13900000002")] == [made[1].id]
    assert sorted(await found(world, customer_id=made[1].id)) == sorted([orders[made[1].id], orders[made[2].id]])
    assert await found(world, customer_id=made[0].id) == [orders[made[0].id]]
