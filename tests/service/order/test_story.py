"""One order from the call to the signature, as the order service sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import finance_pb2, order_pb2
from orderhub.planning.v1 import events_pb2 as planning

from chassis.clock import FixedClock
from tests.service.order.conftest import World


def stamp(clock: FixedClock) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(clock.now())
    return made


def shipped(world: World, number: str, order: str, lines: dict[int, str], tracking: str) -> inventory.GoodsShipped:
    return inventory.GoodsShipped(
        order_number=order, shipment_number=number, shipment_id=f"id-{number}", carrier="顺丰",
        tracking_numbers=[tracking], shipped_at=stamp(world.clock),
        lines=[inventory.GoodsLine(line_no=n, item_code="ABC"[n - 1], quantity=q, unit="台") for n, q in lines.items()],
    )  # fmt: skip


async def test_the_story_from_a_near_due_date_to_the_closed_order(world: World, clock: FixedClock) -> None:
    # taken in: the day after tomorrow is too near
    order = await world.submit(("A", "2"), ("B", "1"), ("C", "5"), days=2, channel="wechat", sales_owner="zhao")
    assert order.state == "needs_capacity_confirmation"
    assert [w.reason for w in order.warnings] == ["CAPACITY_CONFIRMATION_REQUIRED"]
    assert order.number.startswith("SO20261122-")
    assert await world.names(order.number) == ["OrderSubmitted", "CapacityConfirmationRequested"]

    # capacity, then confirmed
    assert (await world.move(order.number, "confirm_capacity", "加班")).state == "submitted"
    clock.advance(timedelta(hours=2))
    assert (await world.move(order.id, "confirm")).state == "confirmed"

    # planned, started, finished, inspected
    await world.tell("planning", f"orders/{order.number}", planning.OrderPlanned(
        order_number=order.number, planned_at=stamp(clock),
        lines=[{"line_no": n, "planned_quantity": q, "unit": "台"} for n, q in ((1, "2"), (2, "1"), (3, "5"))],
    ))  # fmt: skip
    planned = await world.order(order.number)
    assert (planned.state, [line.planned_quantity for line in planned.lines]) == ("planned", ["2", "1", "5"])
    clock.advance(timedelta(hours=1))
    subject = "production-orders/PO1"
    told = {"production_order_number": "PO1", "order_number": order.number}
    await world.tell("planning", subject, planning.ProductionOrderDispatched(**told, dispatched_at=stamp(clock)))
    clock.advance(timedelta(hours=3))
    await world.tell("planning", subject, planning.OperationStarted(**told, started_at=stamp(clock), first=True))
    assert (await world.order(order.number)).state == "in_production"
    await world.tell("planning", subject, planning.OperationFinished(**told, finished_at=stamp(clock), last=True))
    await world.tell("planning", subject, planning.InspectionRecorded(
        **told, passed_quantity="2", rework_quantity="0", scrapped_quantity="0", inspected_at=stamp(clock)
    ))  # fmt: skip

    # received: not shipped by that
    await world.tell("inventory", "receipts/GR1", inventory.GoodsReceived(
        order_number=order.number, line_no=1, receipt_number="GR1", item_code="A", quantity="2", unit="台",
        received_at=stamp(clock), finished_good=True,
    ))  # fmt: skip
    line = (await world.order(order.number)).lines[0]
    assert (line.received_quantity, line.shipped_quantity) == ("2", "0")

    # two part shipments
    clock.advance(timedelta(hours=5))
    await world.tell("inventory", "shipments/SH1", shipped(world, "SH1", order.number, {1: "2"}, "SF1"))
    assert (await world.order(order.number)).state == "part_shipped"
    await world.tell("inventory", "shipments/SH2", shipped(world, "SH2", order.number, {2: "1", 3: "5"}, "SF2"))
    assert (await world.order(order.number)).state == "shipped"
    events = await world.told(f"orders/{order.number}")
    assert [event.type.rsplit(".", 1)[1] for event in events][4:] == [
        "OrderPartlyShipped", "OrderFullyShipped", "InvoiceTaskOpened"
    ]  # fmt: skip
    fully = events[-2]
    assert fully.data["tracking_numbers"] == ["SF1", "SF2"]

    # signed, invoiced, closed
    for number in ("SH1", "id-SH2"):
        request = order_pb2.SignShipmentRequest(context=world.context(), shipment=number, signed_by="王工")
        await world.orders.SignShipment(request, None)
    assert (await world.order(order.number)).state == "signed"
    tasks = (await world.finance.ListInvoiceTasks(finance_pb2.ListInvoiceTasksRequest(state="open"), None)).tasks
    assert [(x.line_no, x.quantity) for x in tasks[0].lines] == [(1, "2"), (2, "1"), (3, "5")]
    done = await world.finance.RecordInvoice(
        finance_pb2.RecordInvoiceRequest(context=world.context(), task_id=tasks[0].id, invoice_no="FP1"), None
    )
    assert (done.task.state, done.task.invoice_no, len(done.task.lines)) == ("done", "FP1", 3)
    assert (await world.order(order.number)).state == "closed"

    # lead time, tracking, timeline
    answer = await world.orders.GetOrderLeadTime(order_pb2.GetOrderLeadTimeRequest(order=order.number), None)
    assert len(answer.events) == 10
    hours = {dwell.stage: dwell.hours for dwell in answer.dwells}
    assert hours["dispatch_to_start"] == "3"
    assert hours["receipt_to_ship"] == "5"
    assert hours["quote_to_confirm"] == ""
    assert answer.longest_stage == "receipt_to_ship"
    tracked = await world.orders.GetTrackedOrder(order_pb2.GetTrackedOrderRequest(token=order.tracking_token), None)
    assert [parcel.tracking_number for parcel in tracked.parcels] == ["SF1", "SF2"]
    timeline = await world.orders.GetTimeline(order_pb2.GetTimelineRequest(order=order.number), None)
    assert timeline.entries[0].what == "OrderSubmitted"
    assert timeline.entries[0].actor == "li.na"
    assert timeline.entries[0].at.ToDatetime(tzinfo=UTC) == datetime(2026, 11, 22, 4, tzinfo=UTC)
