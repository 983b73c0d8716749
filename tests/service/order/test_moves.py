"""Moving and changing orders: refused, stale, at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from orderhub.order.v1 import order_pb2

from order_service.domain.errors import Conflict, IllegalMove, Invalid, NotFound, Stale
from tests.service.order.conftest import World


def revision(world: World, order: order_pb2.Order, *fields: str, **values: Any) -> order_pb2.ReviseOrderRequest:
    return order_pb2.ReviseOrderRequest(
        order=order.number, expected_version=values.pop("version", order.version), fields=fields, **values
    )


async def test_an_illegal_move_says_what_is_allowed(world: World) -> None:
    order = await world.confirmed(("A", "1"))

    with pytest.raises(IllegalMove) as refusal:
        await world.move(order.number, "confirm")

    assert world.refusal(refusal.value) == ("FAILED_PRECONDITION", "ILLEGAL_MOVE")
    assert refusal.value.params["allowed"] == ["plan", "cancel", "hold", "revise"]


async def test_of_many_confirmations_at_once_one_counts(world: World) -> None:
    order = await world.submit(("A", "1"))

    answers = await asyncio.gather(*(world.move(order.number, "confirm") for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(answer, order_pb2.Order) for answer in answers) == 1
    assert (await world.names(order.number)).count("OrderConfirmed") == 1


async def test_an_intent_is_converted_once_and_a_cancelled_one_never(world: World) -> None:
    converted, dropped = [await world.submit(("A", "1"), kind="intent") for _ in range(2)]

    answers = await asyncio.gather(*(world.move(converted.number, "confirm") for _ in range(4)), return_exceptions=True)
    await world.move(dropped.number, "cancel", note="not wanted any more")

    assert sum(isinstance(answer, order_pb2.Order) for answer in answers) == 1
    assert (await world.names(converted.number)).count("OrderConfirmed") == 1
    assert (await world.order(dropped.number)).state == "cancelled"
    assert (await world.names(dropped.number)).count("OrderCancelled") == 1
    with pytest.raises(IllegalMove):
        await world.move(dropped.number, "confirm")


async def test_files_stay_with_an_order_that_is_changed(world: World) -> None:
    order = await world.confirmed(("A", "1"), attachment_ids=["file-1", "file-2"])

    answer = await world.orders.ReviseOrder(revision(world, order, "urgency", urgency="red"), None)

    assert list(answer.order.attachment_ids) == ["file-1", "file-2"]
    assert list((await world.order(order.number)).attachment_ids) == ["file-1", "file-2"]


async def test_an_unknown_order_is_not_found(world: World) -> None:
    for ref in ["SO-nothing", "", "\x00", "01977c1e-0000-7000-8000-000000000001", "x" * 5000]:
        with pytest.raises(NotFound):
            await world.move(ref, "confirm")
        with pytest.raises(NotFound):
            await world.order(ref)


async def test_an_unknown_move_is_refused_by_name(world: World) -> None:
    order = await world.submit(("A", "1"))

    with pytest.raises(Invalid):
        await world.move(order.number, "explode")


async def test_a_stale_version_moves_nothing(world: World) -> None:
    order = await world.submit(("A", "1"))
    await world.move(order.number, "hold", expected_version=order.version)

    with pytest.raises(Stale) as refusal:
        await world.move(order.number, "resume", expected_version=order.version)

    assert world.refusal(refusal.value) == ("ABORTED", "VERSION_STALE")
    assert (await world.order(order.number)).state == "on_hold"


async def test_a_change_needs_the_current_version_and_tells_what_changed(world: World) -> None:
    order = await world.confirmed(("A", "1"), ("C", "5"))

    answer = await world.orders.ReviseOrder(
        revision(world, order, "urgency", "due_date", urgency="red", due_date="2027-01-05"), None
    )

    assert answer.order.version == order.version + 1
    assert [line.due_date for line in answer.order.lines] == ["2027-01-05"] * 2
    told = (await world.told(f"orders/{order.number}"))[-1]
    assert (told.type.rsplit(".", 1)[1], told.data["changed"]) == ("OrderChanged", ["due_date", "urgency"])
    with pytest.raises(Stale):
        await world.orders.ReviseOrder(revision(world, order, "note", note="x"), None)


async def test_lines_can_be_added_changed_and_dropped(world: World) -> None:
    order = await world.confirmed(("A", "10"), ("C", "5"))
    lines = [
        order_pb2.LineEntry(line_no=1, item_code="A", quantity="12"), order_pb2.LineEntry(item_code="B", quantity="1")
    ]  # fmt: skip

    answer = await world.orders.ReviseOrder(revision(world, order, "lines", lines=lines), None)

    assert [(x.item_code, x.quantity, x.cancelled_quantity) for x in answer.order.lines] == [
        ("A", "12", "0"), ("C", "5", "5"), ("B", "1", "0"),
    ]  # fmt: skip
    assert answer.order == await world.order(order.id)


async def test_an_original_number_can_not_be_changed_into_another_orders(world: World) -> None:
    await world.submit(("A", "1"), source_ref="N1")
    order = await world.submit(("A", "1"), source_ref="N2")

    with pytest.raises(Conflict):
        await world.orders.ReviseOrder(revision(world, order, "source_ref", source_ref="N1"), None)


async def test_where_an_order_came_from_survives_every_change(world: World) -> None:
    came = {"channel": "sales_app", "source_ref": "APP-7", "sales_owner": "zhao"}
    order = await world.confirmed(("A", "1"), ("C", "5"), **came)
    changes: list[dict[str, Any]] = [
        {"urgency": "red"}, {"note": "另一句"}, {"due_date": "2027-01-05"},
        {"lines": [order_pb2.LineEntry(line_no=1, item_code="A", quantity="3")]},
    ]  # fmt: skip

    for change in changes:
        order = (await world.orders.ReviseOrder(revision(world, order, *change, **change), None)).order
        assert {name: getattr(order, name) for name in came} == came, change
    for move in ("hold", "resume"):
        order = await world.move(order.number, move, "等图纸")
        assert {name: getattr(order, name) for name in came} == came, move

    found = await world.orders.ListOrders(order_pb2.ListOrdersRequest(q="APP-7"), None)
    assert [one.number for one in found.orders] == [order.number]
    assert (await world.order(order.number)).created_by == "li.na"


async def test_a_finished_order_can_not_be_changed(world: World) -> None:
    order = await world.submit(("A", "1"))
    cancelled = await world.move(order.number, "cancel", "不要了")
    assert (cancelled.state, cancelled.reason, list(cancelled.allowed)) == ("cancelled", "不要了", [])

    with pytest.raises(IllegalMove):
        await world.orders.ReviseOrder(revision(world, cancelled, "note", note="x"), None)
