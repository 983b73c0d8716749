"""Changed orders, ranks, rush previews, explained shortages, bulk plans."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.order.v1 import events_pb2 as order_events
from orderhub.planning.v1 import master_pb2 as m
from orderhub.planning.v1 import production_pb2 as p

from chassis.sql import text
from planning_service.domain.arrivals import Arrival
from planning_service.domain.errors import Invalid, NotFound, PlanningRefusal
from planning_service.domain.giving_way import Claim
from planning_service.domain.priority import Urgency
from planning_service.entrypoints import plan_job_runner
from tests.service.planning.conftest import DUE, World, line
from tests.service.planning.test_planning import held


async def planned(world: World, quantity: int = 10, **stock: int) -> p.PlanOrderResponse:
    await world.motor_factory()
    world.stock.set(WIRE=1000, **stock)
    world.orders.add("SO1", ("A", quantity))
    return await world.plan("SO1")


def changed(quantity: int | str, **more: object) -> order_events.OrderChanged:
    row = order_events.EventLine(line_no=1, item_code="A", quantity=str(quantity), unit="台", **more)
    return order_events.OrderChanged(order_number="SO1", due_date="2026-11-30", urgency="green", lines=[row])


async def change(world: World, quantity: int | str, **more: object) -> None:
    await world.hear("order", "orders/SO1", changed(quantity, **more))


async def preview(world: World, quantity: int) -> list[tuple[str, str, str]]:
    request = p.PreviewChangeRequest(order="SO1", lines=[p.ChangedLine(line_no=1, quantity=str(quantity))])
    answer = await world.planning.PreviewChange(request, None)
    return [(c.kind, c.quantity_before, c.quantity_after) for c in answer.changes]


async def live(world: World) -> list[tuple[str, str]]:
    plan = await world.planning.GetPlan(p.GetPlanRequest(order="SO1"), None)
    return [(o.quantity, o.state) for o in plan.production_orders if o.state != "cancelled"]


async def dispatch(world: World, number: str) -> None:
    request = p.DispatchProductionOrderRequest(context=world.context(), production_order=number, team="一班")
    await world.planning.DispatchProductionOrder(request, None)


async def test_more_wanted_is_made_in_addition(world: World) -> None:
    await planned(world)
    foretold = await preview(world, 14)
    await change(world, 14)

    assert foretold == [("create", "0", "4")]
    assert await live(world) == [("10", "created"), ("4", "created")]
    revised = (await world.told("PlanRevised"))[0].data["lines"][0]
    assert (revised["quantity_before"], revised["quantity_after"], len(revised["created_numbers"])) == ("10", "14", 1)
    whole = (await world.told("OrderPlanned"))[-1]
    assert [line_["planned_quantity"] for line_ in whole.data["lines"]] == ["14"]
    assert [o["quantity"] for o in whole.data["production_orders"]] == ["10", "4"]


async def test_less_wanted_takes_untouched_production_back(world: World) -> None:
    await planned(world)
    foretold = await preview(world, 6)
    await change(world, 6)

    assert foretold == [("cancel", "10", "0"), ("create", "0", "6")]
    assert await live(world) == [("6", "created")]
    told = [(event.type.rsplit(".", 1)[1], event.data) for event in await world.told()]
    at, gone = next((n, data) for n, (kind, data) in enumerate(told) if kind == "ProductionOrderCancelled")
    replacing = [data for kind, data in told[:at] if kind == "OrderPlanned"][-1]
    assert replacing["replaced_numbers"] == [gone["production_order_number"]]  # told first, so that it keeps the stock
    assert [one["production_order_number"] for one in replacing["production_orders"]] != replacing["replaced_numbers"]
    assert gone["replaced"] is True  # whoever hears of the end first knows that the plan is on its way
    plan = await world.planning.GetPlan(p.GetPlanRequest(order="SO1"), None)
    assert [pick.required for pick in plan.pick_list if pick.item_code == "WIRE"] == ["45"]  # of six, not of sixteen


async def test_what_has_begun_is_never_stopped_silently(world: World) -> None:
    plan = await planned(world)
    await dispatch(world, plan.production_orders[0].number)
    foretold = await preview(world, 6)
    await change(world, 6)

    assert foretold == [("ask_planner", "10", "10")]
    assert await live(world) == [("10", "dispatched")]
    assert (await world.told("PlanRevised"))[0].data["lines"][0]["surplus"] == "4"


async def test_a_line_cancelled_frees_everything_untouched(world: World) -> None:
    await planned(world)
    await change(world, 10, cancelled_quantity="10")

    assert await live(world) == []


async def test_stock_is_given_back_before_work_is_questioned(world: World) -> None:
    plan = await planned(world, A=4)
    await dispatch(world, plan.production_orders[0].number)
    foretold = await preview(world, 7)
    await change(world, 7)

    assert [(o.quantity) for o in plan.production_orders] == ["6"]
    assert foretold == [("release_stock", "4", "1")]
    told = (await world.told("OrderPlanned"))[-1].data
    assert [d["quantity"] for d in told["stocked_lines"]] == ["1"]


async def test_children_go_with_their_parent(world: World) -> None:
    await world.motor_factory()
    await world.item("S", "make", "个")
    await world.bom("S", line("WIRE", 1))
    await world.bom("A", line("S", 2))
    world.stock.set(WIRE=1000)
    world.orders.add("SO1", ("A", 10))
    await world.plan("SO1")
    await change(world, 3)

    assert await live(world) == [("3", "created"), ("6", "created")]
    assert len(await world.told("ProductionOrderCancelled")) == 2
    assert await world.told("ShortageRaised") == []


async def test_the_same_change_told_twice_happens_once(world: World) -> None:
    await planned(world)
    event = await world.hear("order", "orders/SO1", changed(14))
    await world.inbox.take([event])
    await change(world, 14)

    assert await live(world) == [("10", "created"), ("4", "created")]


async def test_an_order_without_a_plan_stays_without(world: World) -> None:
    await world.motor_factory()
    await change(world, 14)

    assert await world.told("OrderPlanned") == []


async def test_a_rank_goes_before_everything_and_inventory_hears_it(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=1000)
    for number, urgency in (("SO1", "red"), ("SO2", "green")):
        await world.plan(world.orders.add(number, ("A", 1), urgency=urgency))
    request = p.RankOrderRequest(context=world.context(), order="SO2", rank=1, reason="总经理加急")
    answer = await world.planning.RankOrder(request, None)

    assert [o.priority for o in answer.production_orders] == [1]
    assert [o["rank"] for o in (await world.told("OrderPlanned"))[-1].data["production_orders"]] == [1]
    with pytest.raises(Invalid):
        await world.planning.RankOrder(p.RankOrderRequest(context=world.context(), order="SO2", rank=1), None)
    world.orders.add("SO3", ("A", 1))
    with pytest.raises(NotFound):
        none = p.RankOrderRequest(context=world.context(), order="SO3", rank=1, reason="x")
        await world.planning.RankOrder(none, None)


def claim(order: str, reserved: str, *, urgency: str = "green", due: date = DUE) -> Claim:
    return Claim(order, f"PO-{order}", 1, "WIRE", Decimal(reserved), "m", Urgency(urgency), due)


async def test_a_rush_shows_who_would_give_way_last_in_rank_first(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=5)
    later = DUE + timedelta(days=9)
    world.stock.held = [claim("SO7", "6"), claim("SO8", "4", due=later), claim("SO9", "99", urgency="red", due=DUE)]
    world.orders.add("SO1", ("A", 4), urgency="red")

    answer = await world.planning.PreviewRush(p.PreviewRushRequest(order="SO1"), None)

    # 30 wanted, 5 free; SO8 gives 4, SO7 gives 6, red SO9 of the same day is not behind; 15 stay short
    assert [(x.order_number, x.quantity) for x in answer.displaced] == [("SO8", "4"), ("SO7", "6")]
    assert [(s.item_code, s.short) for s in answer.shortages] == [("WIRE", "15")]
    assert (answer.promised_date, answer.promised_date_now) == ("", "")


async def test_a_preview_and_an_explanation_ask_stock_three_times_however_much_is_short(world: World) -> None:
    await world.routing()
    await world.item("A", "make", "台")
    codes = [f"W{n}" for n in range(12)]
    for code in codes:
        await world.item(code)
    await world.bom("A", *(line(code, 1) for code in codes))
    await world.plan(world.orders.add("SO1", ("A", 2)))
    later = DUE + timedelta(days=9)
    world.stock.held = [replace(claim("SO7", "1", due=later), item_code=code) for code in codes]
    world.stock.calls.clear()

    rush = await world.planning.PreviewRush(p.PreviewRushRequest(order="SO1"), None)
    assert world.stock.calls == ["available", "claims_behind", "arrivals"]
    world.stock.calls.clear()
    told = await world.planning.GetShortageExplanation(p.GetShortageExplanationRequest(order="SO1"), None)

    assert sorted(world.stock.calls) == ["arrivals", "available", "claims"]
    assert [(x.item_code, x.quantity) for x in rush.displaced] == [(code, "1") for code in sorted(codes)]
    assert [(s.item_code, s.short) for s in rush.shortages] == [(code, "1") for code in sorted(codes)]
    assert [(s.item_code, [h.order_number for h in s.holders]) for s in told.shortages] == [
        (code, ["SO7"]) for code in sorted(codes)
    ]


async def test_a_rush_promises_the_day_that_giving_way_makes_possible(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=5)
    world.stock.held = [claim("SO7", "10", due=DUE + timedelta(days=9))]
    world.orders.add("SO1", ("A", 2))
    world.orders.add("SO2", ("A", 2), ("GHOST", 1))

    whole = await world.planning.PreviewRush(p.PreviewRushRequest(order="SO1"), None)
    partly = await world.planning.PreviewRush(p.PreviewRushRequest(order="SO2"), None)

    assert (list(whole.shortages), whole.promised_date_now, whole.promised_date) == ([], "", "2026-11-23")
    assert [x.quantity for x in partly.displaced] == ["10"]
    assert partly.promised_date == ""  # a line that can't be planned has no day


async def test_a_shortage_is_explained(world: World) -> None:
    await world.motor_factory()
    await world.item("ALU", name="铝线")
    alternate = {"item_code": "ALU", "ratio": "2"}
    await world.bom("A", line("WIRE", "7.5", alternates=[alternate]))
    world.stock.set(WIRE=5)
    world.orders.add("SO1", ("A", 2))
    plan = await world.plan("SO1")
    number = plan.production_orders[0].number
    await world.hear("inventory", f"production-orders/{number}", held(number, reserved="5", short="10"))
    world.stock.held = [claim("SO7", "6", due=DUE + timedelta(days=1)), claim("SO8", "6", due=date(2026, 11, 1))]
    world.stock.set(ALU=7)

    for request in ({"order": "SO1"}, {"production_order": number}):
        answer = await world.planning.GetShortageExplanation(p.GetShortageExplanationRequest(**request), None)
        (found,) = answer.shortages
        assert (found.item_name, found.short) == ("铜线", "10")
        assert [(h.order_number, h.could_give_way) for h in found.holders] == [("SO7", True), ("SO8", False)]
        assert [(a.item_name, a.ratio, a.available) for a in found.alternates] == [("铝线", "2", "7")]


async def test_a_bulk_plan_counts_each_stock_once_and_reports_what_needs_a_person(world: World) -> None:
    await world.motor_factory()
    await world.item("S", "make", "个")
    await world.bom("S", line("WIRE", 1))
    await world.bom("A", line("S", 1))
    world.stock.set(WIRE=1000, S=3)
    numbers = [world.orders.add(f"SO{n}", ("A", 2)) for n in range(1, 5)]
    world.orders.add("SO9", ("A", 1), state="submitted")
    start = p.PlanOrdersRequest(context=world.context(), orders=[*numbers, "SO9", "NOPE"])
    job_id = (await world.planning.PlanOrders(start, None)).job.id

    assert await world.planning.run_one_job(asyncio.Event())

    job = (await world.planning.GetPlanJob(p.GetPlanJobRequest(job_id=job_id), None)).job
    assert (job.state, job.total_count, job.done_count, job.planned_count, job.failed_count) == ("done", 6, 6, 4, 2)
    assert {(e.order, e.reason) for e in job.entries} == {("SO9", "ORDER_NOT_PLANNABLE"), ("NOPE", "NOT_FOUND")}
    made = [Decimal(o.quantity) for n in numbers for o in (await world.plan(n)).production_orders if o.item_code == "S"]
    assert sum(made) == 8 - 3
    assert not await world.planning.run_one_job(asyncio.Event())


async def test_a_bulk_plan_takes_the_most_pressing_first(world: World) -> None:
    await world.motor_factory()
    for number, urgency, due in (
        ("SO1", "green", "2026-11-30"),
        ("SO2", "yellow", "2026-12-01"),
        ("SO3", "yellow", "2026-11-30"),
        ("SO4", "red", "2026-12-09"),
    ):
        submitted = order_events.OrderSubmitted(order_number=number, urgency=urgency, due_date=due)
        await world.hear("order", f"orders/{number}", submitted)
    start = p.PlanOrdersRequest(context=world.context(), orders=["SO1", "NOPE", "SO2", "SO3", "SO4"])
    job_id = (await world.planning.PlanOrders(start, None)).job.id

    listed = await world.planning.ListPlanJobOrders(p.ListPlanJobOrdersRequest(job_id=job_id), None)

    assert [entry.order for entry in listed.entries] == ["SO4", "SO3", "SO2", "SO1", "NOPE"]


async def test_a_bulk_plan_knows_what_an_order_holds_softly_itself(world: World) -> None:
    await world.motor_factory()
    world.stock.set(C=1)
    numbers = [world.orders.add(f"SO{n}", ("C", 3)) for n in (1, 2)]
    world.stock.own["SO2"] = {"C": Decimal(2)}
    start = p.PlanOrdersRequest(context=world.context(), orders=[*numbers, "id-SO1"])
    job_id = (await world.planning.PlanOrders(start, None)).job.id

    assert await world.planning.run_one_job(asyncio.Event())

    reserved = [(await world.planning.GetPlan(p.GetPlanRequest(order=n), None)).pick_list[0].reserved for n in numbers]
    assert reserved == ["1", "2"]  # the first takes what is free, the second finds what was held for it all along
    listed = await world.planning.ListPlanJobOrders(p.ListPlanJobOrdersRequest(job_id=job_id), None)
    assert [(e.order, e.result, e.shortage_count) for e in listed.entries] == [
        ("SO1", "planned", 1),
        ("SO2", "planned", 1),
        ("id-SO1", "planned", 0),
    ]


async def test_an_order_cancelled_before_its_part_of_the_job_is_refused(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=1000)
    numbers = [world.orders.add(f"SO{n}", ("A", 1)) for n in (1, 2)]
    await world.hear(
        "order", "orders/SO2", order_events.OrderCancelled(order_number="SO2", state="cancelled", reason="x")
    )
    start = p.PlanOrdersRequest(context=world.context(), orders=numbers)
    job_id = (await world.planning.PlanOrders(start, None)).job.id

    await world.planning.run_one_job(asyncio.Event())

    job = (await world.planning.GetPlanJob(p.GetPlanJobRequest(job_id=job_id), None)).job
    assert [(e.order, e.reason) for e in job.entries] == [("SO2", "ORDER_NOT_PLANNABLE")]
    assert job.planned_count == 1


async def test_a_job_goes_on_where_a_dead_runner_left_it(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=1000)
    numbers = [world.orders.add(f"SO{n}", ("A", 1)) for n in range(3)]
    start = p.PlanOrdersRequest(context=world.context(), orders=numbers)
    job_id = (await world.planning.PlanOrders(start, None)).job.id
    facts = world.orders.known.pop(numbers[1])
    world.orders.known["x"] = replace(facts, number="")  # the order service fails in the middle

    class Away:
        async def get(self, order: str):
            if order == numbers[1]:
                raise ConnectionError("away")
            return world.orders.known[order]

    world.planning.orders, alive = Away(), world.planning.orders
    with pytest.raises(ConnectionError):
        await world.planning.run_one_job(asyncio.Event())
    world.planning.orders = alive
    world.orders.known[numbers[1]] = facts
    async with world.database.transaction(who="") as unit:
        await unit.execute(text("UPDATE plan_job SET claimed_until = now() - interval '1 second'"))
    await world.planning.run_one_job(asyncio.Event())

    job = (await world.planning.GetPlanJob(p.GetPlanJobRequest(job_id=job_id), None)).job
    assert (job.state, job.planned_count) == ("done", 3)
    assert len(await world.told("OrderPlanned")) == 3


async def test_a_cancelled_job_stops_after_the_orders_in_hand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=1000)
    numbers = [world.orders.add(f"SO{n}", ("A", 1)) for n in range(4)]
    start = p.PlanOrdersRequest(context=world.context(), orders=numbers)
    job_id = (await world.planning.PlanOrders(start, None)).job.id
    stop = p.CancelPlanJobRequest(context=world.context(), job_id=job_id)
    keep, answers = world.planning._keep, []

    async def keep_then_cancel(*given: Any) -> None:
        await keep(*given)
        if not answers:
            answers.append(await world.planning.CancelPlanJob(stop, None))

    monkeypatch.setattr(plan_job_runner, "ORDERS_AT_ONCE", 2)
    monkeypatch.setattr(world.planning, "_keep", keep_then_cancel)

    assert await world.planning.run_one_job(asyncio.Event())

    again = await world.planning.CancelPlanJob(stop, None)
    job = (await world.planning.GetPlanJob(p.GetPlanJobRequest(job_id=job_id), None)).job
    assert (job.state, job.planned_count, job.cancelled_count) == ("done", 2, 2)
    assert [(e.order, e.result) for e in job.entries] == [(number, "cancelled") for number in numbers[2:]]
    assert [again] == answers  # the same key gives the first answer again
    assert len(await world.told("OrderPlanned")) == 2
    for unknown in (p.CancelPlanJobRequest(job_id=str(uuid.uuid4())), p.CancelPlanJobRequest(job_id="x")):
        with pytest.raises(NotFound):
            await world.planning.CancelPlanJob(unknown, None)


async def test_what_is_short_stands_in_one_list_with_who_waits_and_what_is_due(world: World) -> None:
    await world.motor_factory()
    await world.item("WIRE", "buy", "m", name="铜线", lead_time_days=5)
    world.stock.set(WIRE=5)
    await world.plan(world.orders.add("SO1", ("A", 1)))  # 7.5 m of wire
    await world.plan(world.orders.add("SO2", ("A", 2), urgency="red"))  # 15 m; nobody told of SO1's claim here
    await world.plan(world.orders.add("SO3", ("C", 4)))
    today = date(2026, 11, 22)
    world.stock.coming = [Arrival("ER1", "WIRE", Decimal(4), Decimal(0), today + timedelta(days=2), "铜业公司")]

    async def shortages(**more: Any) -> list[p.ItemShortage]:
        return list((await world.planning.ListShortages(p.ListShortagesRequest(**more), None)).shortages)

    found = {one.item_code: one for one in await shortages()}
    wire = found["WIRE"]
    assert (wire.short, wire.expected, wire.to_order, wire.unit) == ("12.5", "4", "8.5", "m")
    assert [(w.order_number, w.short, w.urgency) for w in wire.waiting] == [
        ("SO2", "10", "red"),
        ("SO1", "2.5", "green"),
    ]
    assert (wire.needed_by, wire.order_by, wire.overdue) == ("2026-11-30", "2026-11-25", False)
    assert [(r.expected_receipt_number, r.supplier) for r in wire.receipts] == [("ER1", "铜业公司")]
    assert (found["C"].short, found["C"].to_order, found["C"].order_by) == ("4", "4", "")
    assert [one.item_code for one in await shortages(item_code="C")] == ["C"]
    first = await world.planning.ListShortages(p.ListShortagesRequest(page=PageRequest(page_size=1)), None)
    rest = await shortages(page=PageRequest(page_size=1, page_token=first.next_page_token))
    assert [first.shortages[0].item_code, rest[0].item_code] == ["C", "WIRE"]

    await world.hear(
        "order", "orders/SO3", order_events.OrderCancelled(order_number="SO3", state="cancelled", reason="x")
    )
    assert [one.item_code for one in await shortages()] == ["WIRE"]


async def test_no_refused_item_stands_in_for_another(world: World) -> None:
    await world.motor_factory()
    await world.item("ALU", "buy", "m", name="铝线")
    await world.bom("A", line("WIRE", "7.5", alternates=[m.Alternate(item_code="ALU", priority=1, ratio="1")]))
    world.stock.set(ALU=100)

    async def picked(number: str) -> list[str]:
        world.orders.add(number, ("A", 1))
        world.orders.known[number] = replace(world.orders.known[number], customer_id="K1")
        return [pick.item_code for pick in (await world.plan(number)).pick_list]

    refuse = p.PutRefusalsRequest(context=world.context(), customer_id="K1", item_codes=["ALU"])
    assert await picked("SO1") == ["ALU"]
    assert (await world.planning.PutRefusals(refuse, None)).item_codes == ["ALU"]
    assert await picked("SO2") == ["WIRE"]
    assert (await world.planning.GetRefusals(p.GetRefusalsRequest(customer_id="K1"), None)).item_codes == ["ALU"]
    with pytest.raises(Invalid):
        await world.planning.PutRefusals(p.PutRefusalsRequest(customer_id="K1", item_codes=["NONE"]), None)
    await world.planning.PutRefusals(p.PutRefusalsRequest(context=world.context(), customer_id="K1"), None)
    assert await picked("SO3") == ["ALU"]


async def test_a_merged_customer_takes_its_refusals_along(world: World) -> None:
    await world.motor_factory()
    await world.item("BOLT")
    for customer, items in (("K1", ["WIRE", "BOLT"]), ("K2", ["BOLT"])):
        request = p.PutRefusalsRequest(context=world.context(), customer_id=customer, item_codes=items)
        await world.planning.PutRefusals(request, None)
    merged = order_events.CustomerChanged(customer_id="K1", name="K", merged_into="K2")

    told = await world.hear("order", "customers/K1", merged)
    await world.inbox.take([told])
    await world.hear("order", "customers/K2", order_events.CustomerChanged(customer_id="K2", name="K", active=True))

    found = [
        (await world.planning.GetRefusals(p.GetRefusalsRequest(customer_id=one), None)).item_codes
        for one in ("K1", "K2")
    ]
    assert found == [["BOLT", "WIRE"], ["BOLT", "WIRE"]]


async def test_what_is_previewed_and_changed_heeds_what_a_customer_refuses(world: World) -> None:
    await world.motor_factory()
    await world.item("ALU", "buy", "m", name="铝线")
    await world.bom("A", line("WIRE", "7.5", alternates=[m.Alternate(item_code="ALU", priority=1, ratio="1")]))
    world.stock.set(WIRE=15, ALU=100)
    world.orders.add("SO1", ("A", 2))
    world.orders.known["SO1"] = replace(world.orders.known["SO1"], customer_id="K1")
    await world.plan("SO1")
    world.stock.set(WIRE=0)
    ask = p.PreviewChangeRequest(order="SO1", lines=[p.ChangedLine(line_no=1, quantity="3")])
    rush = p.PreviewRushRequest(order=world.orders.add("SO2", ("A", 1)))
    world.orders.known["SO2"] = replace(world.orders.known["SO2"], customer_id="K1")

    async def short() -> list[list[tuple[str, str]]]:
        previews = await world.planning.PreviewChange(ask, None), await world.planning.PreviewRush(rush, None)
        return [[(s.item_code, s.short) for s in answer.shortages] for answer in previews]

    taken = await short()
    refuse = p.PutRefusalsRequest(context=world.context(), customer_id="K1", item_codes=["ALU"])
    await world.planning.PutRefusals(refuse, None)
    refused = await short()
    told = changed(3)
    told.customer_id = "K1"
    await world.hear("order", "orders/SO1", told)

    assert (taken, refused) == ([[], []], [[("WIRE", "7.5")], [("WIRE", "7.5")]])
    plan = await world.planning.GetPlan(p.GetPlanRequest(order="SO1"), None)
    assert {pick.item_code for pick in plan.pick_list} == {"WIRE"}
    explain = p.GetShortageExplanationRequest(order="SO1")
    assert [list(s.alternates) for s in (await world.planning.GetShortageExplanation(explain, None)).shortages] == [[]]


async def test_a_rush_of_a_planned_order_counts_what_it_holds_and_what_comes(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=15)
    number = (await world.plan(world.orders.add("SO1", ("A", 4)))).production_orders[0].number
    await world.hear("inventory", f"production-orders/{number}", held(number, reserved="15", short="15"))
    world.stock.set(WIRE=0)  # all of it is held by SO1
    coming = date(2026, 11, 22) + timedelta(days=4)
    world.stock.coming = [Arrival("ER1", "WIRE", Decimal(15), Decimal(15), coming)]

    answer = await world.planning.PreviewRush(p.PreviewRushRequest(order="SO1"), None)

    assert [(s.item_code, s.short) for s in answer.shortages] == [("WIRE", "15")]
    assert answer.promised_date_now == answer.promised_date == (coming + timedelta(days=1)).isoformat()


async def test_a_promise_waits_for_what_a_supplier_brings(world: World) -> None:
    await world.motor_factory()
    today = date(2026, 11, 22)
    world.stock.coming = [Arrival("ER1", "C", Decimal(9), Decimal(3), today + timedelta(days=4))]
    number = world.orders.add("SO1", ("C", 3))

    promise = await world.planning.GetPromise(p.GetPromiseRequest(order=number), None)
    await world.plan(number)
    planned_promise = await world.planning.GetPromise(p.GetPromiseRequest(order=number), None)

    assert (promise.promised_date, promise.lines[0].reason) == ("2026-11-26", "")
    assert planned_promise.promised_date == promise.promised_date


async def test_a_line_without_a_day_gets_one_when_nothing_is_short_any_more(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=10, C=2)
    number = world.orders.add("SO1", ("A", 4), ("C", 5))
    ahead = await world.planning.GetPromise(p.GetPromiseRequest(order=number), None)
    made = (await world.plan(number)).production_orders[0].number

    short = await world.planning.GetPromise(p.GetPromiseRequest(order=number), None)
    await world.hear("inventory", f"production-orders/{made}", held(made, reserved="30", short="0"))
    await world.hear("inventory", "orders/SO1", held("", reserved="5", short="0", item="C", line_no=2))
    world.stock.set(WIRE=0, C=0)  # all of it is held by SO1
    covered = await world.planning.GetPromise(p.GetPromiseRequest(order=number), None)

    assert list(short.lines) == list(ahead.lines)  # what a promise says is what the plan does
    assert [(x.from_stock, x.to_make, x.producible_by) for x in short.lines] == [("0", "4", ""), ("2", "0", "")]
    assert [(x.from_stock, x.reason, bool(x.producible_by)) for x in covered.lines] == [
        ("0", "", True),
        ("5", "", True),
    ]
    assert covered.promised_date == max(line.producible_by for line in covered.lines)


async def test_a_shortage_of_an_order_is_what_all_its_lines_miss(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=5)
    await world.plan(world.orders.add("SO1", ("A", 2), ("B", 1)))

    answer = await world.planning.GetShortageExplanation(p.GetShortageExplanationRequest(order="SO1"), None)

    assert [(s.item_code, s.short) for s in answer.shortages] == [("WIRE", "20")]


async def test_a_change_that_can_not_be_made_is_not_previewed(world: World) -> None:
    await world.motor_factory()
    await world.plan(world.orders.add("SO1", ("A", 2)))
    cancelled = world.orders.add("SO2", ("A", 2), state="cancelled")

    async def refused(order: str, *lines: tuple[int, str]) -> tuple[str, dict[str, str]]:
        asked = [p.ChangedLine(line_no=line_no, quantity=quantity) for line_no, quantity in lines]
        with pytest.raises(PlanningRefusal) as caught:
            await world.planning.PreviewChange(p.PreviewChangeRequest(order=order, lines=asked), None)
        return caught.value.reason, {one.field: one.reason for one in getattr(caught.value, "fields", ())}

    assert await refused("SO1", (1, "3"), (9, "1")) == ("LINE_UNKNOWN", {"lines.1.line_no": "LINE_UNKNOWN"})
    assert await refused("SO1", (1, "3"), (1, "4")) == ("DUPLICATE", {"lines": "DUPLICATE"})
    assert await refused(cancelled, (1, "3")) == ("ILLEGAL_MOVE", {})
