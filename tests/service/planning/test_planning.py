"""Plans and what inventory answers, over a real database."""

from __future__ import annotations

import asyncio

import pytest
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import events_pb2 as order_events
from orderhub.planning.v1 import production_pb2 as p

from planning_service.domain.errors import NotFound, OrderNotPlannable
from tests.service.planning.conftest import World, line


async def planned(world: World, number: str = "SO1") -> p.PlanOrderResponse:
    await world.motor_factory()
    world.stock.set(C=100, WIRE=20)
    world.orders.add(number, ("A", 2), ("B", 1), ("C", 5))
    return await world.plan(number)


async def test_the_story_order_gives_production_orders_pick_list_and_shortage(world: World) -> None:
    plan = await planned(world)

    assert [(o.item_code, o.quantity, o.state, len(o.operations)) for o in plan.production_orders] == [
        ("A", "2", "created", 2),
        ("B", "1", "created", 2),
    ]
    assert [(x.item_code, x.required, x.available, x.reserved, x.short) for x in plan.pick_list] == [
        ("C", "5", "100", "5", "0"),
        ("WIRE", "25", "20", "20", "5"),
    ]
    assert [(s.item_name, s.short, s.unit) for s in plan.shortages] == [("铜线", "5", "m")]
    assert plan.production_orders[0].number.startswith("PO20261122-")


async def test_the_plan_is_told_whole_and_in_the_trace_of_its_order(world: World) -> None:
    plan = await planned(world)

    (told,) = await world.told("OrderPlanned")
    assert told.subject == "orders/SO1"
    assert told.traceparent.split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    assert [(d["item_code"], d["quantity"]) for d in told.data["stocked_lines"]] == [("C", "5")]
    assert [line_["planned_quantity"] for line_ in told.data["lines"]] == ["2", "1", "5"]
    assert [o["components"][0]["quantity"] for o in told.data["production_orders"]] == ["15", "10"]
    created = await world.told("ProductionOrderCreated")
    assert [e.data["production_order_number"] for e in created] == [o.number for o in plan.production_orders]


async def test_one_availability_question_for_the_whole_order(world: World) -> None:
    await planned(world)

    assert world.stock.asked == [{"A", "B", "C", "WIRE"}]


async def test_pressing_twice_gives_the_same_plan(world: World) -> None:
    first = await planned(world)
    again = await world.plan("SO1")
    by_id = await world.plan("id-SO1")

    assert again == first == by_id
    assert len(await world.told("OrderPlanned")) == 1


async def test_two_planners_at_once_make_one_plan(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=100)
    world.orders.add("SO1", ("A", 2))

    plans = await asyncio.gather(*(world.plan("SO1") for _ in range(6)))

    assert {plan.production_orders[0].number for plan in plans} == {plans[0].production_orders[0].number}
    assert len(await world.told("OrderPlanned")) == 1


async def test_an_order_that_is_not_confirmed_is_not_planned(world: World) -> None:
    await world.motor_factory()
    world.orders.add("SO1", ("A", 2), state="submitted")

    with pytest.raises(OrderNotPlannable) as refusal:
        await world.plan("SO1")

    assert refusal.value.params["allowed"] == ["confirm", "cancel"]
    with pytest.raises(NotFound):
        await world.plan("NOPE")


async def test_an_order_cancelled_while_its_plan_was_worked_out_gets_none(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=100)
    world.orders.add("SO1", ("A", 2))  # the answer that was on its way still says confirmed
    cancelled = order_events.OrderCancelled(order_number="SO1", reason="客户取消", state="cancelled")
    await world.hear("order", "orders/SO1", cancelled)

    with pytest.raises(OrderNotPlannable):
        await world.plan("SO1")
    assert await world.told("OrderPlanned") == []


async def test_lines_that_cannot_be_planned_are_told_and_tried_again_later(world: World) -> None:
    await world.motor_factory()
    await world.item("N", "make", "台")
    world.stock.set(WIRE=100)
    world.orders.add("SO1", ("A", 1), ("N", 1))

    first = await world.plan("SO1")
    await world.bom("N", line("WIRE", 1))
    second = await world.plan("SO1")

    assert [(u.line_no, u.reason, u.params["item"]) for u in first.unplanned_lines] == [(2, "NO_BOM", "N")]
    assert [o.item_code for o in second.production_orders] == ["A", "N"]
    assert second.production_orders[0] == first.production_orders[0]
    assert not second.unplanned_lines
    partly, whole = await world.told("OrderPlanned")
    assert [len(e.data["production_orders"]) for e in (partly, whole)] == [1, 2]
    assert [x["planned_quantity"] for x in whole.data["lines"]] == ["1", "1"]
    assert len(await world.told("ProductionOrderCreated")) == 2


async def test_sub_assemblies_get_child_orders_and_no_shortage(world: World) -> None:
    await world.motor_factory()
    await world.item("S", "make", "个")
    await world.bom("S", line("WIRE", 1))
    await world.bom("A", line("S", 2))
    world.stock.set(WIRE=100, S=1)
    world.orders.add("SO1", ("A", 2))

    plan = await world.plan("SO1")

    parent, child = plan.production_orders
    assert (child.item_code, child.quantity, child.parent_number) == ("S", "3", parent.number)
    assert [(c.item_code, c.required, c.reserved, c.short) for c in parent.components] == [("S", "4", "1", "0")]
    assert [(x.item_code, x.required, x.short) for x in plan.pick_list] == [("S", "1", "0"), ("WIRE", "3", "0")]


async def test_routing_changes_leave_existing_orders_alone(world: World) -> None:
    plan = await planned(world)
    await world.routing(steps=5)

    found = await world.production_order(plan.production_orders[0].number)

    assert len(found.operations) == 2


async def test_a_changed_bill_marks_the_copy_outdated(world: World) -> None:
    plan = await planned(world)
    number = plan.production_orders[0].number
    before = (await world.production_order(number)).bom_outdated
    await world.bom("A", line("WIRE", 8))

    assert (before, (await world.production_order(number)).bom_outdated) == (False, True)


def held(number: str, *, reserved: str, short: str, item: str = "WIRE", line_no: int = 1, issued: str = "0"):
    kind = inventory.ComponentsShort if short != "0" else inventory.ComponentsReserved
    row = inventory.HeldLine(
        line_no=line_no, item_code=item, required="15", reserved=reserved, short=short, issued=issued, unit="m"
    )
    return kind(order_number="SO1", production_order_number=number, lines=[row])


async def test_shortages_are_raised_and_cleared_once(world: World) -> None:
    plan = await planned(world)
    number = plan.production_orders[0].number
    subject = f"production-orders/{number}"
    await world.hear("inventory", subject, held(number, reserved="10", short="5"))
    await world.hear("inventory", subject, held(number, reserved="12", short="3"))
    shown = (await world.production_order(number)).shortages[0].short
    await world.hear("inventory", subject, held(number, reserved="15", short="0"))
    await world.hear("inventory", subject, held(number, reserved="15", short="0"))

    raised, cleared = await world.told("ShortageRaised"), await world.told("ShortageCleared")
    assert [(e.data["item_name"], e.data["short"], e.data["unit"]) for e in raised] == [("铜线", "5", "m")]
    assert len(cleared) == 1
    assert shown == "3"
    assert not (await world.production_order(number)).shortages


async def test_a_shortage_foreseen_exactly_is_told_once_when_inventory_says_so(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=10)
    number = (await world.plan(world.orders.add("SO1", ("A", 2)))).production_orders[0].number
    foreseen = (await world.production_order(number)).shortages[0].short
    before = await world.told("ShortageRaised")
    for _ in range(2):
        await world.hear("inventory", f"production-orders/{number}", held(number, reserved="10", short="5"))

    assert (foreseen, before) == ("5", [])
    assert [event.data["short"] for event in await world.told("ShortageRaised")] == ["5"]


async def test_the_same_news_twice_counts_once(world: World) -> None:
    plan = await planned(world)
    number = plan.production_orders[0].number
    event = await world.hear("inventory", f"production-orders/{number}", held(number, reserved="10", short="5"))
    await world.inbox.take([event])

    assert len(await world.told("ShortageRaised")) == 1


async def test_stocked_lines_are_short_by_order_line(world: World) -> None:
    await planned(world)
    await world.hear("inventory", "orders/SO1", held("", reserved="2", short="3", item="C", line_no=3))

    (raised,) = await world.told("ShortageRaised")
    assert (raised.subject, raised.data["line_no"], raised.data["short"]) == ("orders/SO1", 3, "3")


async def test_what_a_child_makes_is_no_shortage_until_the_child_ends(world: World) -> None:
    await world.motor_factory()
    await world.item("S", "make", "个")
    await world.bom("S", line("WIRE", 1))
    await world.bom("A", line("S", 2))
    world.stock.set(WIRE=100)
    world.orders.add("SO1", ("A", 1))
    plan = await world.plan("SO1")
    parent, child = (o.number for o in plan.production_orders)
    await world.hear("inventory", f"production-orders/{parent}", held(parent, item="S", reserved="0", short="2"))
    quiet = await world.told("ShortageRaised")

    move = p.MoveProductionOrderRequest(context=world.context(), production_order=child, move="cancel", reason="x")
    await world.planning.MoveProductionOrder(move, None)

    assert quiet == []
    assert [(e.data["production_order_number"], e.data["short"]) for e in await world.told("ShortageRaised")] == [
        (parent, "2")
    ]


async def test_promise_equals_what_planning_does(world: World) -> None:
    await world.motor_factory()
    world.stock.set(C=100, WIRE=20)
    world.orders.add("SO1", ("A", 2), ("B", 1), ("C", 5))
    ask = p.GetPromiseRequest(order="SO1")
    before = await world.planning.GetPromise(ask, None)
    await world.plan("SO1")
    world.stock.set(C=95, WIRE=0)  # the rest is held by SO1
    after = await world.planning.GetPromise(ask, None)

    told = [(x.line_no, x.from_stock, x.to_make, [s.short for s in x.shortages]) for x in before.lines]
    assert told == [(1, "0", "2", []), (2, "0", "1", ["5"]), (3, "5", "0", [])]
    assert [(x.line_no, x.from_stock, x.to_make, [s.short for s in x.shortages]) for x in after.lines] == told
    assert [x.producible_by for x in before.lines] == [x.producible_by for x in after.lines]


async def test_a_cancelled_order_ends_its_production(world: World) -> None:
    plan = await planned(world)
    await world.hear("order", "orders/SO1", order_events.OrderCancelled(order_number="SO1", reason="客户取消"))

    states = {(await world.production_order(o.number)).state for o in plan.production_orders}
    assert states == {"cancelled"}
    assert len(await world.told("ProductionOrderCancelled")) == 2


async def test_a_changed_order_is_ranked_anew(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=100)
    for number in ("SO1", "SO2"):
        world.orders.add(number, ("A", 1))
    first, second = [(await world.plan(n)).production_orders[0] for n in ("SO1", "SO2")]
    change = order_events.OrderChanged(
        order_number="SO2", urgency="red", lines=[order_events.EventLine(line_no=1, due_date="2026-11-25")]
    )
    await world.hear("order", "orders/SO2", change)

    ranked = await world.planning.ListProductionOrders(p.ListProductionOrdersRequest(sort="priority"), None)
    assert [(o.number, o.priority, o.urgency) for o in ranked.production_orders] == [
        (second.number, 1, "red"),
        (first.number, 2, "green"),
    ]
    assert ranked.production_orders[0].due_date == "2026-11-25"


async def test_lists_filter_and_page(world: World) -> None:
    plan = await planned(world)
    await world.hear("order", "orders/SO1", order_events.OrderConfirmed(order_number="SO1", customer_name="启明电机"))

    async def numbers(**more: object) -> list[str]:
        found, token = [], ""
        while True:
            request = p.ListProductionOrdersRequest(**more)
            request.page.page_size, request.page.page_token = 1, token
            page = await world.planning.ListProductionOrders(request, None)
            found += [o.number for o in page.production_orders]
            token = page.next_page_token
            if not token:
                return found

    all_numbers = [o.number for o in plan.production_orders]
    assert await numbers() == all_numbers[::-1]
    assert sorted(await numbers(sort="priority")) == all_numbers
    assert await numbers(order="id-SO1", work_center="WC2", state="created") == all_numbers[::-1]
    assert await numbers(work_center="WC9") == []
    assert (await world.production_order(all_numbers[0])).customer_name == "启明电机"


async def test_a_repeated_key_gets_the_first_answer(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=1000)
    world.orders.add("SO1", ("A", 1))
    first = await world.plan("SO1", key="k1")
    dispatch = p.DispatchProductionOrderRequest(
        context=world.context("k2"), production_order=first.production_orders[0].number, team="一班"
    )
    one = await world.planning.DispatchProductionOrder(dispatch, None)
    two = await world.planning.DispatchProductionOrder(dispatch, None)

    assert one == two
    assert len(await world.told("ProductionOrderDispatched")) == 1
