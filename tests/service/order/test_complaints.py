"""Complaints: recorded with an order, answered once, counted by month against the month before (S2, S88)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.order.v1 import complaint_pb2 as pb
from orderhub.order.v1 import finance_pb2
from orderhub.order.v1.order_pb2 import GetTimelineRequest

from chassis.clock import FixedClock
from chassis.principal import Principal, current
from order_service.domain.errors import IllegalMove, Invalid, NotFound
from tests.service.order.conftest import World


async def complain(world: World, order: str, kind: str = "late", key: str = "", **values: Any) -> pb.Complaint:
    request = pb.RecordComplaintRequest(
        context=world.context(key), order=order, kind=kind, **{"text": "晚了三天", **values}
    )
    return (await world.complaints.RecordComplaint(request, None)).complaint


async def close(world: World, complaint: str, key: str = "", **values: Any) -> pb.Complaint:
    request = pb.CloseComplaintRequest(context=world.context(key), id=complaint, **{"resolution": "已道歉", **values})
    return (await world.complaints.CloseComplaint(request, None)).complaint


async def listed(world: World, **wanted: Any) -> list[str]:
    answer = await world.complaints.ListComplaints(pb.ListComplaintsRequest(**wanted), None)
    return [one.id for one in answer.complaints]


async def test_a_complaint_is_recorded_told_and_stands_in_the_timeline(world: World) -> None:
    order = (await world.confirmed(("A", "10"))).number

    found = await complain(world, order, stage="carrier")

    assert (found.order_number, found.state, found.recorded_by) == (order, "open", "li.na")
    assert (found.kind, found.text, found.stage, found.customer_name) == ("late", "晚了三天", "carrier", "启明机电")
    told = (await world.told(f"orders/{order}"))[-1]
    assert told.type.endswith(".ComplaintRecorded")
    assert (told.data["complaint_id"], told.data["kind"], told.data["stage"]) == (found.id, "late", "carrier")
    assert "晚了三天" not in str(told.data)  # the customer's words stay with the order
    entries = (await world.orders.GetTimeline(GetTimelineRequest(order=order), None)).entries
    assert [entry.what for entry in entries][-1] == "ComplaintRecorded"


async def test_the_same_request_again_records_nothing_new(world: World) -> None:
    order = (await world.confirmed(("A", "10"))).number
    first = await complain(world, order, key="once")
    again = await complain(world, order, key="once")

    assert again.id == first.id
    assert await listed(world, order=order) == [first.id]
    assert (await world.names(order)).count("ComplaintRecorded") == 1


async def test_it_is_closed_once_with_the_stage_that_was_responsible(world: World, clock: FixedClock) -> None:
    order = (await world.confirmed(("A", "10"))).number
    found = await complain(world, order)
    clock.advance(timedelta(hours=2))

    closed = await close(world, found.id, stage="production")

    assert (closed.state, closed.closed_by, closed.resolution, closed.stage) == (
        "closed",
        "li.na",
        "已道歉",
        "production",
    )
    with pytest.raises(IllegalMove) as refusal:
        await close(world, found.id, resolution="别的")
    assert world.refusal(refusal.value) == ("FAILED_PRECONDITION", "COMPLAINT_CLOSED")
    assert (await world.names(order))[-1] == "ComplaintClosed"
    assert await listed(world, state="open") == []
    assert await listed(world, state="closed", order=order) == [found.id]


async def test_two_who_close_at_once_close_it_once(world: World) -> None:
    order = (await world.confirmed(("A", "10"))).number
    found = await complain(world, order)

    results = await asyncio.gather(*(close(world, found.id) for _ in range(2)), return_exceptions=True)

    assert sorted(type(one).__name__ for one in results) == ["Complaint", "IllegalMove"]
    assert (await world.names(order)).count("ComplaintClosed") == 1


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"kind": "weather", "text": " ", "stage": "moon"}, ["text", "kind", "stage"]),
        ({"text": "x" * 2001}, ["text"]),
        ({"text": "a\x00"}, ["text"]),
        ({"complained_at": Timestamp(seconds=4_000_000_000)}, ["complained_at"]),
        ({"complained_at": Timestamp(seconds=10**15)}, ["complained_at"]),
    ],
)
async def test_everything_wrong_is_said_at_once(world: World, values: dict[str, Any], fields: list[str]) -> None:
    order = (await world.confirmed(("A", "10"))).number
    with pytest.raises(Invalid) as refusal:
        await complain(world, order, **values)

    assert [problem.field for problem in refusal.value.fields] == fields
    assert await listed(world) == []


@pytest.mark.parametrize("unknown", ["", "x", "\x00", "00000000-0000-0000-0000-000000000009"])
async def test_what_is_unknown_is_not_found(world: World, unknown: str) -> None:
    with pytest.raises(NotFound):
        await close(world, unknown)
    with pytest.raises(NotFound):
        await complain(world, unknown)


async def test_the_list_narrows_and_pages(world: World) -> None:
    other = await world.new_customer("宏远")
    orders = [
        (await world.confirmed(("A", "10"))).number,
        (await world.confirmed(("A", "10"), customer_id=other.id)).number,
    ]
    made = [(await complain(world, orders[n % 2], ("late", "quality", "other")[n % 3])).id for n in range(6)]
    newest = made[::-1]

    assert await listed(world) == newest
    assert await listed(world, customer_id=other.id) == newest[::2]
    assert await listed(world, customer_id="x") == []
    assert await listed(world, kind="quality") == [made[4], made[1]]
    assert await listed(world, order="\x00") == []
    with pytest.raises(Invalid):
        await listed(world, state="lost")
    first = await world.complaints.ListComplaints(pb.ListComplaintsRequest(page={"page_size": 4}), None)
    rest = pb.ListComplaintsRequest(page={"page_size": 4, "page_token": first.next_page_token})
    assert [one.id for one in first.complaints] + await listed(world, page=rest.page) == newest


async def test_a_salesperson_sees_and_records_only_their_own(world: World) -> None:
    theirs = (await world.confirmed(("A", "10"), sales_owner="zhao")).number
    found = await complain(world, theirs)
    current.set(Principal("qian", "user", frozenset({"sales"})))

    assert await listed(world) == []
    with pytest.raises(NotFound):
        await complain(world, theirs)
    with pytest.raises(NotFound):
        await close(world, found.id)
    current.set(Principal("zhao", "user", frozenset({"sales"})))
    assert await listed(world) == [found.id]


async def test_the_rate_of_a_month_equals_what_is_computed_by_hand(world: World) -> None:
    """Of 8 orders due in November one was complained about, of 4 in December three, one of them twice; one is cancelled."""
    november = [(await world.confirmed(("A", "10"), days=5, note=f"n{n}")).number for n in range(8)]
    december = [(await world.confirmed(("A", "10"), days=12, note=f"d{n}")).number for n in range(5)]
    await world.move(december[4], "cancel", "不要了")
    for order in (november[0], *december[:3], december[0], december[4]):
        await complain(world, order)
    period = {"from_date": "2026-11-01", "to_date": "2026-12-31"}

    answer = await world.finance.GetDelivery(finance_pb2.GetDeliveryRequest(**period), None)

    total = answer.total
    assert (total.orders_count, total.complained_count, total.complaints_count) == (12, 4, 5)
    assert (total.complaint_rate, total.complaint_rate_change) == ("0.3333", "")
    assert [(m.month, m.complaint_rate, m.complaint_rate_change) for m in answer.months] == [
        ("2026-11", "0.125", ""),
        ("2026-12", "0.75", "500"),  # from one in eight to three in four
    ]
    wanted = finance_pb2.ListDeliveryOrdersRequest(**period, complained=True)
    rows = (await world.finance.ListDeliveryOrders(wanted, None)).orders
    assert {row.order_number: row.complaints_count for row in rows} == {
        november[0]: 1, december[0]: 2, december[1]: 1, december[2]: 1,
    }  # fmt: skip
