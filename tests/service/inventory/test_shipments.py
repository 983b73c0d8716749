"""Shipments and returns: never more than ordered, held goods first, one effect however often it is posted."""

from __future__ import annotations

import asyncio

import pytest
from orderhub.inventory.v1 import inventory_pb2 as pb
from orderhub.order.v1 import events_pb2 as order_events
from orderhub.order.v1 import order_pb2

from inventory_service.domain.shipping import OrderCopy
from tests.service.inventory.conftest import World


async def test_parts_of_one_order(world: World) -> None:
    await world.move("receipt", ("C", "100"))
    await world.confirmed("SO1", ("C", "100"))

    await world.ship(("SO1", 1, "40"))
    code, reason, params = await world.refused(world.ship(("SO1", 1, "61")))
    await world.ship(("SO1", 1, "60"))

    assert (code, reason) == ("FAILED_PRECONDITION", "OVER_SHIPMENT")
    assert {k: params[k] for k in ("ordered", "shipped", "remaining", "wanted")} == {
        "ordered": "100", "shipped": "40", "remaining": "60", "wanted": "61",
    }  # fmt: skip
    assert (await world.refused(world.ship(("SO1", 1, "0.0004"))))[0] == "INVALID_ARGUMENT"
    await world.check()


async def test_one_parcel_for_three_orders_is_told_once_for_each(world: World) -> None:
    await world.move("receipt", ("C", "10"))
    for number in ("SO1", "SO2", "SO3"):
        await world.confirmed(number, ("C", "3"))

    shipment = await world.ship(("SO1", 1, "3"), ("SO2", 1, "2"), ("SO3", 1, "3"), ("SO2", 1, "1"), carrier="德邦")

    told = [event for event in await world.told() if event.type.endswith("GoodsShipped")]
    assert [(e.data["order_number"], e.data["lines"][0]["quantity"]) for e in told] == [
        ("SO1", "3"),
        ("SO2", "3"),
        ("SO3", "3"),
    ]
    assert {event.subject for event in told} == {f"shipments/{shipment.number}"}
    listed = await world.goods.ListShipments(pb.ListShipmentsRequest(order="id-SO2"), None)
    assert [found.number for found in listed.shipments] == [shipment.number]
    found = await world.goods.GetShipment(pb.GetShipmentRequest(shipment=shipment.id), None)
    assert found.shipment == shipment


async def test_held_goods_go_first_and_goods_held_for_others_never(world: World) -> None:
    await world.move("receipt", ("C", "10"))
    await world.confirmed("SO1", ("C", "4"))
    await world.confirmed("SO2", ("C", "9"))
    await world.planned("SO1", stocked=[(1, "C", "4")])

    code, reason, params = await world.refused(world.ship(("SO2", 1, "7")))
    assert (code, reason, params["available"], params["wanted"]) == (
        "FAILED_PRECONDITION",
        "INSUFFICIENT_STOCK",
        "6",
        "7",
    )
    await world.ship(("SO2", 1, "6"))
    await world.ship(("SO1", 1, "4"))

    assert await world.balance("C") == ("0", "0", "0")
    await world.check()


async def test_shipping_from_free_stock_ends_the_line_s_hunger(world: World) -> None:
    """Stock that safety stock held back is shipped by a person: the reservation no longer waits, and it is told."""
    world.planning.put("S", name="轴承", safety_stock="5", version=1)
    await world.move("receipt", ("S", "8"))
    await world.confirmed("SO1", ("S", "5"))
    await world.planned("SO1", stocked=[(1, "S", "5")])
    assert await world.names("orders/SO1") == ["ComponentsShort"]

    await world.ship(("SO1", 1, "5"))

    assert await world.names("orders/SO1") == ["ComponentsShort", "ComponentsReserved"]
    assert await world.balance("S") == ("3", "0", "3")
    await world.check()


async def test_two_tabs_post_the_same_shipment(world: World) -> None:
    await world.move("receipt", ("C", "100"))
    await world.confirmed("SO1", ("C", "10"))

    by_key = await asyncio.gather(*(world.ship(("SO1", 1, "4"), context=world.context("same")) for _ in range(6)))
    by_scan = await asyncio.gather(*(world.ship(("SO1", 1, "5"), scan_id="scan") for _ in range(6)))

    assert len({shipment.id for shipment in by_key}) == 1
    assert len({shipment.id for shipment in by_scan}) == 1
    assert await world.balance("C") == ("91", "0", "91")
    assert len([e for e in await world.told() if e.type.endswith("GoodsShipped")]) == 2


async def test_many_hands_ship_no_more_than_ordered(world: World) -> None:
    await world.move("receipt", ("C", "100"))
    await world.confirmed("SO1", ("C", "10"))

    results = await asyncio.gather(*(world.ship(("SO1", 1, "3")) for _ in range(12)), return_exceptions=True)

    assert len([r for r in results if not isinstance(r, BaseException)]) == 3
    assert await world.balance("C") == ("91", "0", "91")
    await world.check()


async def test_orders_that_may_not_ship(world: World) -> None:
    await world.move("receipt", ("C", "100"))
    await world.confirmed("SO1", ("C", "10"))
    await world.tell("order", "orders/SO1", order_events.OrderHeld(order_number="SO1", reason="等款"))
    world.orders.orders["SO2"] = order_pb2.Order(
        id="i2",
        number="SO2",
        state="submitted",
        urgency="red",
        lines=[{"line_no": 1, "item_code": "C", "quantity": "5", "unit": "件"}],
    )

    code, reason, params = await world.refused(world.ship(("SO1", 1, "1")))
    assert (code, reason, params["state"]) == ("FAILED_PRECONDITION", "ORDER_NOT_SHIPPABLE", "on_hold")
    assert "confirmed" in params["allowed"]
    assert (await world.refused(world.ship(("SO2", 1, "1"))))[2]["state"] == "submitted"
    await world.tell("order", "orders/SO1", order_events.OrderResumed(order_number="SO1", state="confirmed"))
    await world.ship(("SO1", 1, "1"))


async def test_an_order_not_heard_of_yet_is_asked_for(world: World) -> None:
    await world.move("receipt", ("C", "100"))
    world.orders.orders["SO9"] = order_pb2.Order(
        id="i9",
        number="SO9",
        state="confirmed",
        lines=[{"line_no": 1, "item_code": "C", "quantity": "5", "unit": "件"}],
    )

    await world.ship(("i9", 1, "2"))
    await world.ship(("SO9", 1, "3"))
    await world.confirmed("SO9", ("C", "5"))  # the event comes after all

    assert world.orders.asked == ["i9"]
    assert (await world.refused(world.ship(("SO9", 1, "1"))))[1] == "OVER_SHIPMENT"


async def test_an_answer_older_than_the_end_of_the_order_ships_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.move("receipt", ("C", "100"))
    lines = [{"line_no": 1, "item_code": "C", "quantity": "5", "unit": "件"}]
    world.orders.orders["SO9"] = order_pb2.Order(id="i9", number="SO9", state="confirmed", lines=lines)
    owners = world.goods._lookout._owners
    ask = owners.order

    async def ended_meanwhile(name: str) -> OrderCopy | None:
        answer = await ask(name)
        await world.tell(
            "order", "orders/SO9", order_events.OrderCancelled(order_number="SO9", state="cancelled", lines=lines)
        )
        return answer

    monkeypatch.setattr(owners, "order", ended_meanwhile)

    _, reason, params = await world.refused(world.ship(("SO9", 1, "1")))

    assert (reason, params["state"]) == ("ORDER_NOT_SHIPPABLE", "cancelled")
    assert await world.balance("C") == ("100", "0", "100")


async def test_all_wrong_fields_are_named_at_once(world: World) -> None:
    await world.confirmed("SO1", ("C", "10"))

    code, reason, params = await world.refused(world.ship(
        ("SO1", 1, "-1"), ("SO1", 7, "1"), ("nobody", 1, "1"), ("SO1", 1, "1.5"), ("a\x00", 1, "1"), carrier="\x00",
        tracking_numbers=["1" * 101],
    ))  # fmt: skip

    assert (code, reason) == ("INVALID_ARGUMENT", "INVALID_INPUT")
    assert params["fields"] == {
        "lines[0].quantity": "QUANTITY_NOT_POSITIVE", "lines[1].line_no": "LINE_UNKNOWN", "lines[2].order": "ORDER_UNKNOWN",
        "lines[3].quantity": "QUANTITY_NOT_WHOLE", "lines[4].order": "ORDER_UNKNOWN", "carrier": "TEXT_INVALID",
        "tracking_numbers[0]": "TEXT_TOO_LONG",
    }  # fmt: skip
    assert (await world.refused(world.ship()))[2]["fields"] == {"lines": "REQUIRED"}
    assert (await world.refused(world.ship(*[("SO1", 1, "1")] * 501)))[2]["fields"] == {"lines": "TOO_MANY_LINES"}
    assert (await world.refused(world.goods.GetShipment(pb.GetShipmentRequest(shipment="SH\x00"), None)))[
        0
    ] == "NOT_FOUND"


async def test_returns_reopen_what_may_be_shipped(world: World) -> None:
    await world.move("receipt", ("C", "10"))
    await world.confirmed("SO1", ("C", "10"))
    await world.ship(("SO1", 1, "10"))

    assert (await world.refused(world.take_back(("SO1", 1, "11"))))[1] == "OVER_RETURN"
    back = await world.take_back(("SO1", 1, "4"), scan_id="r1")
    assert await world.take_back(("SO1", 1, "4"), scan_id="r1") == back
    assert back.number == "RT20261122-0001"
    assert await world.balance("C") == ("4", "0", "4")
    await world.take_back(("SO1", 1, "1"), quarantine=True)
    assert await world.balance("C") == ("5", "0", "4")
    assert (await world.refused(world.ship(("SO1", 1, "5"))))[1] == "INSUFFICIENT_STOCK"
    await world.ship(("SO1", 1, "4"))

    told = [e.data for e in await world.told() if e.type.endswith("GoodsReturned")]
    assert [(e["return_number"], e["lines"][0]["quantity"], e["reason"]) for e in told] == [
        ("RT20261122-0001", "4", "坏了"), ("RT20261122-0002", "1", "坏了"),
    ]  # fmt: skip
    await world.check()
