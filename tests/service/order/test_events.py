"""What planning and inventory tell: once, twice, out of order."""

from __future__ import annotations

import itertools

from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.inventory.v1 import inventory_pb2
from orderhub.order.v1 import order_pb2
from orderhub.planning.v1 import events_pb2 as planning

from tests.service.order.conftest import World


def shipped(order: str, shipment: str, quantity: str, line_no: int = 1) -> inventory.GoodsShipped:
    return inventory.GoodsShipped(
        order_number=order, shipment_number=shipment, shipment_id=f"id-{shipment}", tracking_numbers=[f"T-{shipment}"],
        lines=[inventory.GoodsLine(line_no=line_no, item_code="A", quantity=quantity, unit="台")],
    )  # fmt: skip


def received(order: str, receipt: str, quantity: str, **values: bool) -> inventory.GoodsReceived:
    return inventory.GoodsReceived(
        order_number=order, receipt_number=receipt, line_no=1, item_code="A", quantity=quantity, unit="台",
        **{"finished_good": True, **values},
    )  # fmt: skip


async def test_the_same_shipment_twice_counts_once(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    event = world.event("inventory", "shipments/SH1", shipped(order.number, "SH1", "10"))

    await world.service.inbox().take([event, event])
    await world.service.inbox().take([event])

    assert (await world.order(order.number)).lines[0].shipped_quantity == "10"
    assert (await world.names(order.number)).count("OrderFullyShipped") == 1
    assert len(await world.rows("SELECT 1 FROM invoice_task")) == 1


async def test_a_shipment_told_again_after_the_inbox_forgot_it_counts_once(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    await world.tell("inventory", "shipments/SH1", shipped(order.number, "SH1", "4"))

    await world.tell("inventory", "shipments/again", shipped(order.number, "SH1", "4"))

    assert (await world.order(order.number)).lines[0].shipped_quantity == "4"


async def test_any_order_of_arrival_leads_to_the_same_order(world: World) -> None:
    for n, sequence in enumerate(itertools.permutations(range(4))):
        order = await world.confirmed(("A", "10"))
        told = {"production_order_number": f"PO{n}", "order_number": order.number}
        plan = planning.OrderPlanned(
            order_number=order.number, lines=[{"line_no": 1, "planned_quantity": "10", "unit": "台"}],
            production_orders=[{"production_order_number": f"PO{n}", "line_no": 1}],
        )  # fmt: skip
        events = [
            world.event("planning", f"orders/{order.number}", plan),
            world.event("planning", f"production-orders/PO{n}", planning.OperationStarted(**told, first=True)),
            world.event("inventory", f"receipts/GR{n}", received(order.number, f"GR{n}", "10")),
            world.event("inventory", f"shipments/SH{n}", shipped(order.number, f"SH{n}", "10")),
        ]

        for index in sequence:
            await world.service.inbox().take([events[index]])

        now = await world.order(order.number)
        line = now.lines[0]
        assert (now.state, line.planned_quantity, line.received_quantity, line.shipped_quantity) == (
            "shipped", "10", "10", "10",
        ), sequence  # fmt: skip


async def test_a_plan_of_nothing_plans_nothing(world: World) -> None:
    order = await world.confirmed(("A", "10"))

    await world.tell("planning", f"orders/{order.number}", planning.OrderPlanned(
        order_number=order.number, lines=[{"line_no": 1, "planned_quantity": "0", "unit": "台"}]
    ))  # fmt: skip

    assert (await world.order(order.number)).state == "confirmed"


async def test_a_sub_assembly_received_is_not_the_orders(world: World) -> None:
    order = await world.confirmed(("A", "10"))

    await world.tell("inventory", "receipts/GR1", received(order.number, "GR1", "10", finished_good=False))

    assert (await world.order(order.number)).lines[0].received_quantity == "0"


async def test_ship_on_receipt_ships_by_the_receipt(world: World) -> None:
    order = await world.confirmed(("A", "10"), ship_on_receipt=True)

    await world.tell("inventory", "receipts/GR1", received(order.number, "GR1", "10", shipped=True))

    now = await world.order(order.number)
    assert (now.state, now.lines[0].received_quantity, now.lines[0].shipped_quantity) == ("shipped", "10", "10")
    await world.orders.SignShipment(
        order_pb2.SignShipmentRequest(context=world.context(), shipment="GR1", signed_by="王工"), None
    )
    assert (await world.order(order.number)).state == "signed"


async def test_a_shipment_is_signed_before_its_event_came(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    world.inventory.shipments["SH1"] = inventory_pb2.Shipment(
        id="id-SH1", number="SH1",
        lines=[inventory_pb2.ShipmentLine(order=order.number, line_no=1, item_code="A", quantity="10", unit="台")],
    )  # fmt: skip
    request = order_pb2.SignShipmentRequest(context=world.context(), shipment="SH1", signed_by="王工")

    answer = await world.orders.SignShipment(request, None)
    assert answer.shipment.signed_by == "王工"
    assert (await world.order(order.number)).lines[0].shipped_quantity == "0"  # the event says what was shipped
    await world.tell("inventory", "shipments/SH1", shipped(order.number, "SH1", "10"))

    assert (await world.order(order.number)).state == "signed"
    assert (await world.names(order.number))[2:] == ["OrderFullyShipped", "InvoiceTaskOpened", "OrderSigned"]


async def test_one_parcel_for_three_orders_is_signed_once_for_all(world: World) -> None:
    orders = [await world.confirmed(("A", "1")) for _ in range(3)]
    for order in orders:
        await world.tell("inventory", "shipments/SH9", shipped(order.number, "SH9", "1"))
    request = order_pb2.SignShipmentRequest(context=world.context(), shipment="SH9", signed_by="王工")

    answer = await world.orders.SignShipment(request, None)
    again = await world.orders.SignShipment(
        order_pb2.SignShipmentRequest(context=world.context(), shipment="SH9", signed_by="别人"), None
    )

    assert len(answer.shipment.lines) == 3
    assert again.shipment.signed_by == "王工"
    assert {(await world.order(order.number)).state for order in orders} == {"signed"}
    for order in orders:
        assert (await world.names(order.number)).count("OrderSigned") == 1


async def test_a_return_reopens_the_order_and_its_task(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    await world.tell("inventory", "shipments/SH1", shipped(order.number, "SH1", "10"))
    back = inventory.GoodsReturned(
        order_number=order.number, return_number="RT1", reason="划伤",
        lines=[inventory.GoodsLine(line_no=1, item_code="A", quantity="1", unit="台")],
    )  # fmt: skip

    await world.tell("inventory", "returns/RT1", back)

    now = await world.order(order.number)
    assert (now.state, now.lines[0].returned_quantity) == ("part_shipped", "1")
    await world.tell("inventory", "shipments/SH2", shipped(order.number, "SH2", "1"))
    assert (await world.order(order.number)).state == "shipped"
    assert len(await world.rows("SELECT 1 FROM invoice_task")) == 1


async def test_an_older_item_never_overwrites_a_newer(world: World) -> None:
    for n, (version, name) in enumerate([(2, "新名"), (1, "旧名")], start=1):
        event = planning.ItemChanged(item_code="Z", name=name, unit="件", active=True, version=version)
        await world.tell("planning", f"items/Z{n}", event)

    assert (await world.rows("SELECT name FROM item_copy WHERE code = 'Z'"))[0]["name"] == "新名"


async def test_an_event_of_an_unknown_order_is_parked_not_lost(world: World) -> None:
    await world.tell("inventory", "shipments/SH1", shipped("SO-nobody", "SH1", "1"))

    assert [row["reason"] for row in await world.rows("SELECT reason FROM parked")] == ["failed"]


async def test_notes_of_the_floor_do_not_make_the_order_another_version(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    told = {"production_order_number": "PO1", "order_number": order.number}

    await world.tell("planning", "production-orders/PO1", planning.ProductionOrderDispatched(**told, team="一班"))

    timeline = await world.orders.GetTimeline(order_pb2.GetTimelineRequest(order=order.number), None)
    assert timeline.entries[-1].params["team"] == "一班"
    assert (await world.order(order.number)).version == order.version


async def test_a_later_start_is_noted_and_the_first_one_counts(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    told = {"production_order_number": "PO1", "order_number": order.number}
    await world.tell("planning", "production-orders/PO1", planning.OperationStarted(**told, first=True))
    started = await world.order(order.number)

    await world.tell("planning", "production-orders/PO1", planning.OperationStarted(**told, operation_name="总装"))

    timeline = await world.orders.GetTimeline(order_pb2.GetTimelineRequest(order=order.number), None)
    assert [entry.what for entry in timeline.entries][-2:] == ["OperationStarted"] * 2
    assert timeline.entries[-1].params["operation_name"] == "总装"
    assert (await world.order(order.number)).version == started.version


async def test_waiting_for_material_is_measured_from_the_shortage_to_its_end(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    words = {"order_number": order.number, "production_order_number": "PO1", "item_code": "WIRE"}
    subject = "production-orders/PO1"

    async def waiting() -> order_pb2.Dwell:
        answer = await world.orders.GetOrderLeadTime(order_pb2.GetOrderLeadTimeRequest(order=order.number), None)
        return answer.dwells[-1]

    await world.tell("planning", subject, planning.ShortageRaised(**words, short="5", unit="m"))
    assert (await waiting()).running
    await world.tell("planning", subject, planning.ShortageCleared(**words))

    found = await waiting()
    assert (found.stage, found.running) == ("waiting_for_material", False)
    assert found.hours == "0" or float(found.hours) < 0.1


def changed(order: str, shipment: str, *numbers: str, version: int = 2) -> inventory.ShipmentChanged:
    return inventory.ShipmentChanged(
        order_number=order, shipment_number=shipment, shipment_id=f"id-{shipment}", carrier="顺丰",
        tracking_numbers=numbers, order_numbers=[order], version=version,
    )  # fmt: skip


async def tracking(world: World, order: str) -> list[tuple[str, str]]:
    token = (await world.order(order)).tracking_token
    seen = await world.orders.GetTrackedOrder(order_pb2.GetTrackedOrderRequest(token=token), None)
    return [(one.carrier, one.tracking_number) for one in seen.parcels]


async def test_numbers_entered_later_reach_the_tracking_page_in_whatever_order_they_come(world: World) -> None:
    for n, sequence in enumerate(itertools.permutations(range(3))):
        order = await world.confirmed(("A", "10"))
        events = [
            world.event("inventory", f"shipments/SH{n}", shipped(order.number, f"SH{n}", "10")),
            world.event("inventory", f"shipments/SH{n}/2", changed(order.number, f"SH{n}", "SF1")),
            world.event("inventory", f"shipments/SH{n}/3", changed(order.number, f"SH{n}", "SF1", "SF2", version=3)),
        ]

        for index in sequence:
            await world.service.inbox().take([events[index], events[index]])

        assert await tracking(world, order.number) == [("顺丰", "SF1"), ("顺丰", "SF2")], sequence
        assert (await world.order(order.number)).lines[0].shipped_quantity == "10"
        assert (await world.names(order.number)).count("OrderFullyShipped") == 1


async def test_a_shipment_known_only_by_its_numbers_is_asked_for_when_it_is_signed(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    await world.tell("inventory", "shipments/SH1", changed(order.number, "SH1", "SF1"))
    assert await tracking(world, order.number) == []
    line = inventory_pb2.ShipmentLine(order=order.number, line_no=1, item_code="A", quantity="10", unit="台")
    world.inventory.shipments["SH1"] = inventory_pb2.Shipment(
        id="id-SH1", number="SH1", lines=[line], carrier="顺丰", tracking_numbers=["SF1"], version=2
    )

    request = order_pb2.SignShipmentRequest(context=world.context(), shipment="SH1", signed_by="王工")
    signed = (await world.orders.SignShipment(request, None)).shipment

    assert (signed.number, list(signed.tracking_numbers)) == ("SH1", ["SF1"])
