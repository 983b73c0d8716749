"""Reservations: what plans ask for is held by priority, never taken from others, and freed when it ends."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from orderhub.inventory.v1 import inventory_pb2 as pb
from orderhub.order.v1 import events_pb2 as order_events
from orderhub.planning.v1 import events_pb2 as planning_events

from chassis.clock import FixedClock
from inventory_service.entrypoints.sweep import Sweep
from tests.service.inventory.conftest import World, made


async def short_of(world: World, subject: str) -> dict[str, str]:
    """Return what was last told to be short, by item."""
    told = [e for e in await world.told(subject) if "Components" in e.type][-1]
    return {line["item_code"]: line["short"] for line in told.data["lines"]}


async def test_what_is_there_is_held_and_the_rest_is_told(world: World) -> None:
    await world.move("receipt", ("X", "5"), ("Y", "3"))

    await world.planned("SO1", made("PO1", "A", "1", ("X", "4"), ("Y", "5")), stocked=[(2, "X", "3")])

    assert await short_of(world, "production-orders/PO1") == {"X": "0", "Y": "2"}
    assert await short_of(world, "orders/SO1") == {"X": "2"}
    assert await world.balance("X") == ("5", "5", "0")
    await world.check()


async def test_the_same_item_twice_in_one_demand_is_one_need(world: World) -> None:
    await world.move("receipt", ("X", "5"))

    await world.planned("SO1", made("PO1", "A", "1", ("X", "2"), ("X", "1.5")))

    assert await world.holdings(order="SO1") == {("PO1", "X"): ("3.5", "3.5", "0", "0")}


async def test_arriving_stock_goes_to_the_most_pressing(world: World) -> None:
    """Planner's rank, then urgency, then due date, then first come (reliability 4.3)."""
    demands = [
        ("late", "green", "2026-12-20", 0), ("first", "green", "2026-12-10", 0), ("second", "green", "2026-12-10", 0),
        ("yellow", "yellow", "2026-12-30", 0), ("red", "red", "2026-12-31", 0), ("ranked", "green", "2026-12-31", 1),
    ]  # fmt: skip
    for name, urgency, due, rank in demands:
        await world.planned(
            f"SO-{name}", made(f"PO-{name}", "A", "1", ("X", "2"), urgency=urgency, due_date=due, rank=rank)
        )

    fed = []
    for _ in demands:
        await world.move("receipt", ("X", "2"))
        fed.append((await world.told())[-1].data["production_order_number"])

    assert fed == ["PO-ranked", "PO-red", "PO-yellow", "PO-first", "PO-second", "PO-late"]
    await world.check()


async def test_held_stock_is_never_taken_by_a_more_pressing_demand(world: World) -> None:
    await world.move("receipt", ("X", "5"))
    await world.planned("SO1", made("PO1", "A", "1", ("X", "5")), urgency="green")

    await world.planned("SO2", made("PO2", "A", "1", ("X", "5"), urgency="red"), urgency="red")

    assert await short_of(world, "production-orders/PO2") == {"X": "5"}
    assert (await world.holdings(order="SO1"))[("PO1", "X")] == ("5", "5", "0", "0")


async def test_a_count_below_what_is_held_trims_the_least_pressing(world: World) -> None:
    await world.move("receipt", ("X", "10"))
    await world.planned("SO1", made("PO1", "A", "1", ("X", "5"), urgency="red"))
    await world.planned("SO2", made("PO2", "A", "1", ("X", "5"), urgency="green"))

    await world.move("count", ("X", "6"))

    assert await short_of(world, "production-orders/PO2") == {"X": "4"}
    assert (await world.holdings(order="SO1"))[("PO1", "X")] == ("5", "5", "0", "0")
    assert await world.names("production-orders/PO1") == ["ComponentsReserved"]
    assert await world.balance("X") == ("6", "6", "0")
    await world.check()
    await world.move("count", ("X", "20"))
    assert await short_of(world, "production-orders/PO2") == {"X": "0"}
    await world.check()


async def test_a_movement_answers_with_who_still_waits_and_what_is_due(world: World) -> None:
    await world.planned("SO1", made("PO1", "A", "1", ("X", "8")))

    (stock,) = (await world.move("receipt", ("X", "5"))).stock
    (counted,) = (await world.move("count", ("X", "2"))).stock

    assert (stock.on_hand, stock.reserved, stock.waiting, stock.expected) == ("5", "5", "3", "0")
    assert (counted.on_hand, counted.reserved, counted.waiting) == ("2", "2", "6")


async def test_a_cancelled_order_frees_everything_and_the_next_is_covered_once(world: World) -> None:
    await world.move("receipt", ("X", "5"))
    await world.confirmed("SO1", ("A", "1"))
    await world.planned("SO1", made("PO1", "A", "1", ("X", "3")), stocked=[(2, "X", "2")])
    await world.planned("SO2", made("PO2", "A", "1", ("X", "4")))

    cancelled = order_events.OrderCancelled(order_number="SO1", state="cancelled", reason="客户取消")
    event = await world.tell("order", "orders/SO1", cancelled)
    await world.service.inbox().take([event])

    assert await world.names("production-orders/PO2") == ["ComponentsShort", "ComponentsReserved"]
    released = [e for e in await world.told() if e.type.endswith("ReservationReleased")]
    assert sorted((e.data["production_order_number"], e.data["reason"]) for e in released) == [
        ("", "客户取消"), ("PO1", "客户取消"),
    ]  # fmt: skip
    assert await world.balance("X") == ("5", "4", "1")
    await world.check()


async def test_a_plan_of_an_order_cancelled_meanwhile_holds_nothing(world: World) -> None:
    await world.move("receipt", ("X", "5"))
    await world.tell("order", "orders/SO1", order_events.OrderCancelled(order_number="SO1", state="cancelled"))
    await world.tell("planning", "production-orders/PO2", planning_events.ProductionOrderCancelled(
        production_order_number="PO2", order_number="SO2", state="cancelled",
    ))  # fmt: skip

    await world.planned("SO1", made("PO1", "A", "1", ("X", "3")))
    await world.planned("SO2", made("PO2", "A", "1", ("X", "3")))

    assert await world.balance("X") == ("5", "0", "5")
    assert await world.names() == ["StockAdjusted"]


async def test_consumed_stays_consumed_when_a_production_order_ends(world: World) -> None:
    await world.move("receipt", ("X", "10"))
    await world.planned("SO1", made("PO1", "A", "10", ("X", "10")))
    await world.inspected("PO1", "SO1", "A", "4")
    await world.receive("PO1", "4")

    await world.tell("planning", "production-orders/PO1", planning_events.ProductionOrderCancelled(
        production_order_number="PO1", order_number="SO1", line_no=1, state="closed_short", reason="短结",
    ))  # fmt: skip

    assert await world.balance("X") == ("6", "0", "6")
    released = (await world.told("production-orders/PO1"))[-1]
    assert (released.type.rsplit(".", 1)[1], released.data["lines"][0]["issued"]) == ("ReservationReleased", "4")
    await world.check()


async def test_a_smaller_order_gives_back_what_it_does_not_need(world: World) -> None:
    await world.move("receipt", ("C", "5"))
    await world.confirmed("SO1", ("C", "5"))
    await world.planned("SO1", stocked=[(1, "C", "5")])
    await world.planned("SO2", stocked=[(1, "C", "2")])

    line = {
        "line_no": 1,
        "item_code": "C",
        "quantity": "5",
        "cancelled_quantity": "2",
        "unit": "件",
        "due_date": "2026-12-01",
    }
    await world.tell("order", "orders/SO1", order_events.OrderChanged(
        order_number="SO1", urgency="red", state="planned", lines=[line], changed=["lines", "urgency"],
    ))  # fmt: skip

    assert await world.holdings(item_code="C") == {
        ("SO1/1", "C"): ("3", "3", "0", "0"),
        ("SO2/1", "C"): ("2", "2", "0", "0"),
    }
    assert (await world.rows("SELECT urgency, due_date::text FROM reservation_line WHERE order_number = 'SO1'"))[0] == {
        "urgency": 0, "due_date": "2026-12-01",
    }  # fmt: skip
    assert (await world.refused(world.ship(("SO1", 1, "4"))))[1] == "OVER_SHIPMENT"
    await world.check()


async def test_a_plan_told_again_changes_what_the_first_held(world: World) -> None:
    await world.move("receipt", ("X", "10"), ("Y", "10"))
    await world.planned("SO1", made("PO1", "A", "1", ("X", "8"), ("Y", "1")))

    await world.planned("SO1", made("PO1", "A", "1", ("X", "3")))

    assert await world.holdings(order="SO1") == {("PO1", "X"): ("3", "3", "0", "0"), ("PO1", "Y"): ("0", "0", "0", "0")}
    await world.check()


async def test_safety_stock_is_left_alone_until_it_is_lowered(world: World) -> None:
    changed: dict[str, Any] = {"item_code": "S", "name": "轴承", "unit": "件", "active": True}
    await world.tell("planning", "items/S", planning_events.ItemChanged(**changed, safety_stock="4", version=1))
    world.planning.put("S")
    await world.move("receipt", ("S", "5"))
    await world.planned("SO1", stocked=[(1, "S", "3")])
    assert await short_of(world, "orders/SO1") == {"S": "2"}

    await world.tell("planning", "items/S", planning_events.ItemChanged(**changed, safety_stock="1", version=2))
    await world.tell("planning", "items/S", planning_events.ItemChanged(**changed, safety_stock="9", version=1))

    assert await short_of(world, "orders/SO1") == {"S": "0"}
    assert (await world.rows("SELECT safety_stock FROM stock WHERE item_code = 'S'"))[0]["safety_stock"] == 1
    await world.check()


async def take_for(world: World, order: str, reason: str = "客户停线") -> Any:
    request = pb.TakeReservationsRequest(context=world.context(), order=order, reason=reason)
    return await world.stock.TakeReservations(request, None)


async def test_a_committed_rush_insert_takes_from_the_least_pressing_behind_it(world: World) -> None:
    """Yellow needs 8: safety stock gives 1, then green gives; red keeps what it holds; both sides are told."""
    world.planning.put("S", name="轴承", safety_stock="1")
    await world.move("receipt", ("S", "13"))
    await world.planned("SO1", made("PO1", "A", "1", ("S", "4"), urgency="red"))
    await world.planned("SO2", made("PO2", "A", "1", ("S", "5"), urgency="green", due_date="2026-12-01"))
    await world.planned("SO3", made("PO3", "A", "1", ("S", "3"), urgency="green", due_date="2026-12-09"))
    await world.confirmed("SO4", ("A", "1"))
    await world.planned("SO4", made("PO4", "A", "1", ("S", "8"), urgency="yellow"))

    answer = await take_for(world, "id-SO4")

    assert [(d.order_number, d.quantity) for d in answer.displaced] == [("SO3", "3"), ("SO2", "4")]
    assert await short_of(world, "production-orders/PO4") == {"S": "0"}
    assert await short_of(world, "production-orders/PO3") == {"S": "3"}
    assert await short_of(world, "production-orders/PO2") == {"S": "4"}
    assert (await world.holdings(order="SO1"))[("PO1", "S")] == ("4", "4", "0", "0")
    ledger = await world.rows("SELECT kind, quantity, ref, reason FROM stock_movement ORDER BY id DESC LIMIT 1")
    assert tuple(ledger[0].values()) == ("rush", 0, "SO4", "客户停线")
    assert (await world.balance("S"))[1] == "13"


async def test_consumed_goods_and_better_claims_are_not_taken(world: World) -> None:
    await world.move("receipt", ("X", "6"))
    await world.planned("SO1", made("PO1", "A", "3", ("X", "6"), urgency="red"))
    await world.confirmed("SO2", ("A", "1"))
    await world.planned("SO2", made("PO2", "A", "1", ("X", "6"), urgency="red"))

    answer = await take_for(world, "SO2")

    assert list(answer.displaced) == []
    assert await short_of(world, "production-orders/PO2") == {"X": "6"}
    assert (await world.refused(take_for(world, "SO2", " ")))[2]["fields"] == {"reason": "REQUIRED"}
    assert (await world.refused(take_for(world, "nobody")))[:2] == ("NOT_FOUND", "ORDER_UNKNOWN")


async def intent(world: World, number: str, *lines: tuple[str, str], state: str = "submitted") -> None:
    told = [{"line_no": n, "item_code": item, "quantity": q, "unit": "件"} for n, (item, q) in enumerate(lines, 1)]
    message = order_events.OrderSubmitted(order_number=number, kind="intent", state=state, lines=told)
    await world.tell("order", f"orders/{number}", message)


async def test_an_intent_holds_softly_until_its_time_is_over(world: World, clock: FixedClock) -> None:
    await world.move("receipt", ("X", "5"))
    await intent(world, "SO1", ("X", "4"))
    await world.planned("SO2", stocked=[(1, "X", "3")])
    assert await world.balance("X") == ("5", "5", "0")
    assert await short_of(world, "orders/SO2") == {"X": "2"}
    sweep = Sweep(world.service.database, world.events.warehouses)

    clock.advance(timedelta(days=6, hours=23))
    assert await sweep.once() == 0
    clock.advance(timedelta(hours=2))
    assert await sweep.once() == 1

    assert await sweep.once() == 0
    assert await short_of(world, "orders/SO2") == {"X": "0"}
    assert await world.names("orders/SO1") == ["ReservationReleased"]
    await world.check()


async def test_an_intents_days_end_to_the_second_whatever_midnight_does(world: World, clock: FixedClock) -> None:
    sweep = Sweep(world.service.database, world.events.warehouses)
    clock.advance(timedelta(hours=11, minutes=59, seconds=59))  # the last second of a day in the factory
    await world.move("receipt", ("X", "5"))
    await intent(world, "SO1", ("X", "4"))

    clock.advance(timedelta(days=7, seconds=-1))
    assert (await sweep.once(), await world.balance("X")) == (0, ("5", "4", "1"))
    clock.advance(timedelta(seconds=1))
    assert (await sweep.once(), await world.balance("X")) == (1, ("5", "0", "5"))


async def test_firm_demand_is_served_before_a_waiting_intent(world: World) -> None:
    await intent(world, "SO1", ("X", "4"))
    await intent(world, "SO3", ("X", "4"), state="suspected_duplicate")
    await world.planned("SO2", stocked=[(1, "X", "3")])

    await world.move("receipt", ("X", "5"))

    assert await world.holdings(item_code="X") == {
        ("SO2/1", "X"): ("3", "3", "0", "0"),
        ("SO1/1", "X"): ("4", "2", "0", "2"),
    }


async def test_a_converted_intent_plans_with_what_it_held(world: World) -> None:
    await world.move("receipt", ("X", "5"))
    await intent(world, "SO1", ("X", "5"), ("Y", "1"))
    await world.confirmed("SO1", ("X", "5"), ("Y", "1"))
    available = (
        await world.stock.GetAvailability(pb.GetAvailabilityRequest(item_codes=["X"], order="id-SO1"), None)
    ).stock
    assert available["X"].available == "5"

    await world.planned("SO1", made("PO1", "Y", "1", ("X", "1")), stocked=[(1, "X", "4")])

    assert await world.holdings(order="SO1") == {
        ("PO1", "X"): ("1", "1", "0", "0"), ("SO1/1", "X"): ("4", "4", "0", "0"), ("SO1/2", "Y"): ("1", "0", "0", "0"),
    }  # fmt: skip
    await world.check()


@pytest.mark.parametrize("order", ["", "SO1", "id-SO1", "SO9", "\x00"])
async def test_the_short_answer_for_a_plan_says_what_the_long_one_says(world: World, order: str) -> None:
    world.planning.put("S", name="轴承", safety_stock="1")
    world.planning.put("L", name="线缆", unit="m", whole_units=False)
    await world.move("receipt", ("X", "5"), ("L", "0.350000"), ("S", "3"))
    await intent(world, "SO1", ("X", "4"), ("Y", "1"))
    await world.confirmed("SO1", ("X", "4"), ("Y", "1"))
    codes = ["X", "Y", "L", "S", "none", "\x00"]

    long = await world.stock.GetAvailability(pb.GetAvailabilityRequest(item_codes=codes, order=order), None)
    asked = pb.GetAvailabilityRequest(item_codes=codes, order=order, allocatable_only=True)
    short = await world.stock.GetAvailability(asked, None)

    said = {code: stock.allocatable for code, stock in long.stock.items()}
    assert not short.stock
    assert {**dict.fromkeys(codes, "0"), **short.allocatable} == said
    assert said["X"] == ("5" if order in ("SO1", "id-SO1") else "1")


async def test_a_cancelled_intent_holds_nothing(world: World) -> None:
    await world.move("receipt", ("X", "5"))
    await intent(world, "SO1", ("X", "4"))

    await world.tell("order", "orders/SO1", order_events.OrderCancelled(order_number="SO1", state="cancelled"))

    assert await world.balance("X") == ("5", "0", "5")
    await world.check()


# Each consumer: once, twice, out of order.

COMMON = {"production_order_number": "PO1", "order_number": "SO1", "line_no": 1, "item_code": "A", "unit": "件"}
LINE = {"line_no": 1, "item_code": "A", "quantity": "2", "unit": "件"}
SEQUENCES: dict[str, list[tuple[str, str, Message]]] = {
    "one order": [
        ("order", "orders/SO1", order_events.OrderConfirmed(order_number="SO1", order_id="i1", lines=[LINE])),
        ("planning", "orders/SO1", planning_events.OrderPlanned(
            order_number="SO1", production_orders=[made("PO1", "A", "2", ("X", "4"))])),
        ("planning", "production-orders/PO1", planning_events.ProductionOrderCreated(**COMMON, quantity="2")),
        ("planning", "production-orders/PO1", planning_events.InspectionRequested(**COMMON, quantity="2")),
        ("planning", "production-orders/PO1", planning_events.InspectionRecorded(**COMMON, passed_quantity="1")),
        ("planning", "production-orders/PO1", planning_events.InspectionRecorded(**COMMON, passed_quantity="2")),
        ("order", "orders/SO1", order_events.OrderHeld(order_number="SO1")),
        ("order", "orders/SO1", order_events.OrderResumed(order_number="SO1", state="planned")),
        ("planning", "items/X", planning_events.ItemChanged(item_code="X", name="新名", unit="件", version=7)),
    ],
    "cancelled order": [
        ("order", "orders/SO1", order_events.OrderConfirmed(order_number="SO1", order_id="i1", lines=[LINE])),
        ("planning", "orders/SO1", planning_events.OrderPlanned(
            order_number="SO1", production_orders=[made("PO1", "A", "2", ("X", "4"))])),
        ("order", "orders/SO1", order_events.OrderCancelled(order_number="SO1", state="cancelled", lines=[LINE])),
        ("planning", "production-orders/PO1", planning_events.ProductionOrderCreated(**COMMON, quantity="2")),
        ("planning", "production-orders/PO1", planning_events.ProductionOrderCancelled(
            production_order_number="PO1", order_number="SO1", line_no=1, state="cancelled")),
    ],
    "completed": [
        ("planning", "orders/SO1", planning_events.OrderPlanned(
            order_number="SO1", production_orders=[made("PO1", "A", "2", ("X", "4"))])),
        ("planning", "production-orders/PO1", planning_events.ProductionOrderCreated(**COMMON, quantity="2")),
        ("planning", "production-orders/PO1", planning_events.ProductionOrderCompleted(**COMMON, quantity="2")),
    ],
}  # fmt: skip
TABLES = {
    "stock WHERE on_hand > 0": "item_code, on_hand, reserved",
    "reservation_line WHERE is_open": "production_order_number, order_number, item_code, need, got, issued",
    "receivable": "number, order_number, item_code, planned, good, passed, received, state",
    "order_copy": "number, state, urgency",
    "shippable": "order_number, line_no, item_code, ordered, shipped, returned",
}


async def state(world: World) -> dict[str, list[Any]]:
    return {
        table: [tuple(row.values()) for row in await world.rows(f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3")]
        for table, columns in TABLES.items()
    }


@pytest.mark.parametrize("name", SEQUENCES)
async def test_events_twice_and_out_of_order_end_like_once(make_world: Any, name: str) -> None:
    ends = []
    for way in ("once", "twice", "one batch", "backwards", "subjects swapped"):
        world = await make_world()
        await world.move("receipt", ("X", "3"))
        events = [world.event(*told) for told in SEQUENCES[name]]
        if way == "backwards":
            batches = [[event] for event in reversed(events)]
        elif way == "subjects swapped":
            by_subject = sorted(events, key=lambda event: (event.subject, event.source), reverse=True)
            batches = [list(group) for _, group in itertools.groupby(by_subject, key=lambda e: (e.subject, e.source))]
        else:
            batches = [events] if way == "one batch" else [[event] for event in events]
        for batch in batches * (2 if way == "twice" else 1):
            await world.service.inbox().take(batch)
        while await world.service.inbox().retry_parked():
            pass
        await world.check()
        assert await world.rows("SELECT * FROM parked") == [], way
        ends.append(await state(world))

    assert all(end == ends[0] for end in ends)


async def changed_intent(world: World, *lines: tuple[int, str, str, str]) -> None:
    """Tell that the intent SO1 has these lines now: number, item, quantity, and how much of it was cancelled."""
    told = [
        {"line_no": n, "item_code": item, "quantity": q, "unit": "件", "cancelled_quantity": gone}
        for n, item, q, gone in lines
    ]
    message = order_events.OrderChanged(
        order_number="SO1", kind="intent", state="submitted", changed=["lines"], lines=told
    )
    await world.tell("order", "orders/SO1", message)


async def test_a_changed_intent_holds_what_it_says_now(world: World, clock: FixedClock) -> None:
    await world.move("receipt", ("X", "9"), ("Y", "9"), ("Z", "9"))
    await intent(world, "SO1", ("X", "4"), ("Y", "2"))

    await changed_intent(world, (1, "X", "6", "0"), (2, "Y", "2", "2"), (3, "Z", "1", "0"))
    await changed_intent(world, (1, "X", "6", "0"), (2, "Y", "2", "2"), (3, "Z", "1", "0"))

    assert await world.balance("X") == ("9", "6", "3")
    assert await world.balance("Y") == ("9", "0", "9")
    assert await world.balance("Z") == ("9", "1", "8")
    await changed_intent(world, (1, "X", "1", "0"), (2, "Y", "2", "2"), (3, "Z", "1", "0"))
    assert await world.balance("X") == ("9", "1", "8")
    await world.check()


async def test_a_change_gives_an_intent_its_days_again(world: World, clock: FixedClock) -> None:
    await world.move("receipt", ("X", "5"))
    await intent(world, "SO1", ("X", "4"))
    sweep = Sweep(world.service.database, world.events.warehouses)
    clock.advance(timedelta(days=6))
    await changed_intent(world, (1, "X", "3", "0"))
    clock.advance(timedelta(days=6))
    assert await sweep.once() == 0
    assert await world.balance("X") == ("5", "3", "2")

    clock.advance(timedelta(days=2))
    assert await sweep.once() == 1
    await changed_intent(world, (1, "X", "2", "0"))  # asked for again after it had expired

    assert await world.balance("X") == ("5", "2", "3")
    await world.check()


async def test_a_change_of_an_intent_that_comes_after_its_plan_leaves_the_plan_s_holds(
    world: World, clock: FixedClock
) -> None:
    await world.move("receipt", ("X", "9"), ("Y", "9"))
    await world.planned("SO1", stocked=[(1, "X", "4")])

    await changed_intent(world, (1, "X", "6", "0"), (2, "Y", "1", "0"))
    clock.advance(timedelta(days=30))
    assert await Sweep(world.service.database, world.events.warehouses).once() == 1

    assert await world.holdings(order="SO1") == {
        ("SO1/1", "X"): ("4", "4", "0", "0"), ("SO1/2", "Y"): ("1", "0", "0", "0"),
    }  # fmt: skip
    await world.check()


REPLACING = {
    "plan": ("planning", "orders/SO1", planning_events.OrderPlanned(
        order_number="SO1", production_orders=[made("PO2", "A", "6", ("X", "12"))], replaced_numbers=["PO1"])),
    "unnamed": ("planning", "orders/SO1", planning_events.OrderPlanned(
        order_number="SO1", production_orders=[made("PO2", "A", "6", ("X", "12"))])),
    "older": ("planning", "orders/SO1", planning_events.OrderPlanned(
        order_number="SO1", production_orders=[made("PO1", "A", "10", ("X", "20"))])),
    "end": ("planning", "production-orders/PO1", planning_events.ProductionOrderCancelled(
        production_order_number="PO1", order_number="SO1", reason="ORDER_CHANGED", replaced=True)),
}  # fmt: skip
ARRIVALS = ("plan end", "end plan", "end older plan", "older end plan", "end unnamed")


async def replacing(world: World, arrivals: str, way: str) -> None:
    """SO1 holds all for PO1; SO2 is more pressing and waits. Then SO1 is changed, and it arrives in this order."""
    await world.move("receipt", ("X", "20"))
    await world.planned("SO1", made("PO1", "A", "10", ("X", "20")))
    await world.planned("SO2", made("PO9", "A", "10", ("X", "30")), urgency="red")
    events = [world.event(*REPLACING[name]) for name in arrivals.split()]
    for batch in [events] if way == "one batch" else [[event] for event in events]:
        for _ in range(2 if way == "twice" else 1):
            await world.service.inbox().take(batch)


@pytest.mark.parametrize("way", ["once", "twice", "one batch"])
@pytest.mark.parametrize("arrivals", ARRIVALS)
async def test_what_a_replaced_production_order_held_stays_with_its_order(
    world: World, arrivals: str, way: str
) -> None:
    """Less wanted: PO2 is made instead of PO1; whichever is heard first, held stock is never taken (X10)."""
    await replacing(world, arrivals, way)

    assert await world.holdings(item_code="X") == {
        ("PO2", "X"): ("12", "12", "0", "0"),
        ("PO9", "X"): ("30", "8", "0", "22"),
    }
    ended = await world.rows("SELECT need, got, is_open FROM reservation_line WHERE production_order_number = 'PO1'")
    assert [tuple(row.values()) for row in ended] == [(0, 0, False)]
    assert (await world.names("production-orders/PO1")).count("ReservationReleased") == 1
    assert (await world.told("production-orders/PO1"))[-1].data["reason"] == "ORDER_CHANGED"
    await world.check()


async def test_what_waits_for_its_plan_is_nobody_elses_and_wants_no_more(world: World) -> None:
    """Between the end and the plan: the old one keeps what it has, and what arrives then goes to whoever needs it."""
    await replacing(world, "end", "once")
    await world.move("receipt", ("X", "5"))
    assert await world.balance("X") == ("25", "25", "0")
    assert (await world.holdings(item_code="X"))["PO9", "X"] == ("30", "5", "0", "25")

    await world.tell("order", "orders/SO1", order_events.OrderCancelled(order_number="SO1", state="cancelled"))

    assert await world.holdings(item_code="X") == {("PO9", "X"): ("30", "25", "0", "5")}  # no plan comes any more
    await world.check()


async def test_a_production_order_ended_without_a_plan_is_freed_at_once(world: World) -> None:
    await world.move("receipt", ("X", "20"))
    await world.planned("SO1", made("PO1", "A", "10", ("X", "20")))
    await world.planned("SO2", made("PO9", "A", "10", ("X", "30")), urgency="red")

    ended = planning_events.ProductionOrderCancelled(production_order_number="PO1", order_number="SO1", reason="gone")
    await world.tell("planning", "production-orders/PO1", ended)

    assert await world.holdings(item_code="X") == {("PO9", "X"): ("30", "20", "0", "10")}
    await world.check()
