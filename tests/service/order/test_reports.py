"""Lead times kept by events equal those made anew and computed by hand; deliveries equal hand-computed figures."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import customer_pb2, finance_pb2, order_pb2
from orderhub.planning.v1 import events_pb2 as planning

from chassis.clock import FixedClock
from chassis.page_token import BadPageToken
from chassis.sql import text
from order_service.domain.errors import Invalid
from order_service.domain.stages import REPORTED
from tests.service.order.conftest import World
from tests.service.order.test_story import stamp


async def released(world: World, order: str) -> None:
    await world.tell("planning", f"orders/{order}", planning.OrderPlanned(
        order_number=order, planned_at=stamp(world.clock), lines=[{"line_no": 1, "planned_quantity": "1", "unit": "台"}],
    ))  # fmt: skip


async def received(world: World, order: str, number: str, quantity: str) -> None:
    await world.tell("inventory", f"receipts/{number}", inventory.GoodsReceived(
        order_number=order, receipt_number=number, line_no=1, item_code="A", quantity=quantity, unit="台",
        finished_good=True, received_at=stamp(world.clock),
    ))  # fmt: skip


async def shipped(world: World, order: str, number: str, quantity: str) -> None:
    await world.tell("inventory", f"shipments/{number}", inventory.GoodsShipped(
        order_number=order, shipment_number=number, shipment_id=f"id-{number}", shipped_at=stamp(world.clock),
        lines=[inventory.GoodsLine(line_no=1, item_code="A", quantity=quantity, unit="台")],
    ))  # fmt: skip


async def report(world: World, group_by: str, first: str, last: str, hours: str = "") -> dict[str, Any]:
    """Return {group: {stage: cell}}."""
    request = finance_pb2.GetLeadTimesRequest(from_date=first, to_date=last, group_by=group_by, hours=hours)
    answer = await world.finance.GetLeadTimes(request, None)
    assert answer.pending_count == 0
    return {group.key: {cell.stage: cell for cell in group.cells} for group in answer.groups}


async def scattered(world: World, clock: FixedClock, count: int) -> None:
    """Make orders over some months, in many stages, with customers, items and owners mixed."""
    chance = random.Random(7)
    customers = [world.customer, await world.new_customer("宏远")]
    begun = clock.moment if hasattr(clock, "moment") else clock.now()
    for n in range(count):
        clock.advance(timedelta(days=chance.choice((0, 1, 3)), hours=chance.randrange(9)))
        order = (await world.confirmed(
            (chance.choice("AB"), "10"), days=60, customer_id=chance.choice(customers).id, note=str(n),
            sales_owner=chance.choice(("zhao", "qian", "")), channel=chance.choice(("wechat", "phone", "web")),
        )).number  # fmt: skip
        if chance.random() < 0.8:
            clock.advance(timedelta(hours=chance.randrange(1, 30)))
            await released(world, order)
        if chance.random() < 0.6:
            await received(world, order, f"GR{n}", "4")
            clock.advance(timedelta(minutes=chance.randrange(1, 3000)))
            await shipped(world, order, f"SH{n}", "4")
        if chance.random() < 0.2:
            await world.move(order, "cancel", "不要了")
    assert clock.now() > begun


async def runs(world: World) -> list[tuple[Any, ...]]:
    query = "SELECT kind, hours, starts, key, stage, seconds, days, total FROM lead_time_run ORDER BY 1, 2, 3, 4, 5"
    return [tuple(row.values()) for row in await world.rows(query)]


async def test_what_events_keep_is_what_a_rebuild_makes(world: World, clock: FixedClock) -> None:
    await scattered(world, clock, 40)
    assert await world.finance.keeper.follow() == 0
    kept = await runs(world)
    assert len(kept) > 100

    assert await world.finance.keeper.rebuild() > 20
    assert await runs(world) == kept
    assert await world.finance.keeper.follow() == 0  # nothing more waits
    assert await runs(world) == kept


async def test_a_merge_and_a_new_owner_move_an_orders_times(world: World, clock: FixedClock) -> None:
    other = await world.new_customer("宏远")
    order = await world.confirmed(("A", "10"), days=60, customer_id=other.id, sales_owner="zhao")
    clock.advance(timedelta(hours=3))
    await released(world, order.number)
    days = ("2026-11-01", "2026-12-31")
    assert set(await report(world, "customer", *days)) == {"宏远"}
    assert set(await report(world, "sales_owner", *days)) == {"zhao"}

    merge = customer_pb2.MergeCustomerRequest(
        context=world.context(), customer_id=world.customer.id, absorbed_id=other.id
    )
    await world.customers.MergeCustomer(merge, None)
    now = await world.order(order.number)
    await world.orders.ReviseOrder(order_pb2.ReviseOrderRequest(
        context=world.context(), order=now.number, expected_version=now.version, fields=["sales_owner"],
        sales_owner="qian",
    ), None)  # fmt: skip

    assert set(await report(world, "customer", *days)) == {"启明机电"}
    assert set(await report(world, "sales_owner", *days)) == {"qian"}
    assert await runs(world) == await _rebuilt(world)


async def _rebuilt(world: World) -> list[tuple[Any, ...]]:
    await world.finance.keeper.rebuild()
    return await runs(world)


async def test_orders_the_release_before_kept_get_their_channel(world: World, clock: FixedClock) -> None:
    await scattered(world, clock, 12)
    await world.finance.keeper.follow()
    expected = await runs(world)
    async with world.service.database.transaction() as unit:  # as the code before leaves a row: no channel, old runs
        await unit.execute(
            text(
                "UPDATE order_stage_time SET channel = NULL WHERE order_id IN (SELECT order_id FROM order_stage_time LIMIT 3)"
            )
        )
        await unit.execute(
            text("UPDATE lead_time_run SET total = 0, seconds = decode('00000001', 'hex') WHERE kind = 'channel'")
        )

    await report(world, "channel", "2026-11-01", "2027-06-30")

    assert await runs(world) == expected


@pytest.mark.parametrize("group_by", ["week", "month", "customer", "item", "sales_owner", "channel"])
async def test_any_period_equals_the_orders_in_it(world: World, clock: FixedClock, group_by: str) -> None:
    await scattered(world, clock, 25)
    rows = await world.rows(
        "SELECT o.number, CAST(o.created_at AT TIME ZONE 'Asia/Shanghai' AS date) AS day, m.confirmed, m.released"
        " FROM customer_order o JOIN order_milestones m ON m.order_id = o.id"
        " WHERE o.state <> 'cancelled' AND m.released IS NOT NULL"
    )
    for first, last in ((0, 100), (3, 3), (5, 31), (9, 45), (1, 8)):
        begin, end = date(2026, 11, 22) + timedelta(days=first), date(2026, 11, 22) + timedelta(days=last)
        within = [row for row in rows if begin <= row["day"] <= end]
        hours = [Decimal((row["released"] - row["confirmed"]) // timedelta(seconds=1)) / 3600 for row in within]
        found = [cells["confirm_to_release"] for cells in
                 (await report(world, group_by, str(begin), str(end))).values()]  # fmt: skip
        assert sum(cell.n for cell in found) == len(hours)
        total = sum((Decimal(cell.mean_hours) * cell.n for cell in found if cell.n), Decimal(0))
        assert abs(total - sum(hours)) < Decimal("0.01")


async def test_what_lies_in_the_warehouse_is_weighed_by_quantity(world: World, clock: FixedClock) -> None:
    order = (await world.confirmed(("A", "10"), days=30)).number
    await received(world, order, "GR1", "9")
    clock.advance(timedelta(hours=1))
    await received(world, order, "GR2", "1")
    await shipped(world, order, "SH1", "9")  # nine pieces after one hour
    clock.advance(timedelta(hours=10))
    await shipped(world, order, "SH2", "1")  # one piece after ten

    cell = (await report(world, "month", "2026-11-01", "2026-11-30"))["2026-11"]["receipt_to_ship"]
    assert cell.mean_hours == "1.9"
    answer = await world.orders.GetOrderLeadTime(order_pb2.GetOrderLeadTimeRequest(order=order), None)
    assert {dwell.stage: dwell.hours for dwell in answer.dwells}["receipt_to_ship"] == "1.9"


async def test_working_hours_leave_out_nights_and_sundays(world: World, clock: FixedClock) -> None:
    order = (await world.confirmed(("A", "10"), days=30)).number  # a Sunday, at noon
    clock.advance(timedelta(days=1, hours=2))  # Monday, 14:00: four hours of the morning and one of the afternoon
    await released(world, order)
    days = ("2026-11-01", "2026-11-30")

    assert (await report(world, "month", *days))["2026-11"]["confirm_to_release"].mean_hours == "26"
    assert (await report(world, "month", *days, "working"))["2026-11"]["confirm_to_release"].mean_hours == "5"


async def test_waiting_for_material_is_a_stage_of_its_own(world: World, clock: FixedClock) -> None:
    order = (await world.confirmed(("A", "10"), days=30)).number
    short = {"order_number": order, "production_order_number": "PO1", "item_code": "X"}
    await world.tell("planning", "production-orders/PO1", planning.ShortageRaised(**short, short="2"))
    days = ("2026-11-01", "2026-11-30")
    assert (await report(world, "month", *days)).get("2026-11", {}).get("waiting_for_material", _none()).n == 0
    event = world.event("planning", "production-orders/PO1", planning.ShortageCleared(**short))
    await world.service.inbox().take([event])

    assert (await report(world, "month", *days))["2026-11"]["waiting_for_material"].n == 1


def _none() -> finance_pb2.LeadTimeCell:
    return finance_pb2.LeadTimeCell()


async def test_the_orders_behind_a_cell_come_slowest_first_page_by_page(world: World, clock: FixedClock) -> None:
    waits = [5, 1, 9, 9, 3]
    numbers = []
    for n, hours in enumerate(waits):
        order = (await world.confirmed(("A", "10"), days=30, note=str(n), sales_owner="zhao")).number
        clock.advance(timedelta(hours=hours))
        await released(world, order)
        clock.advance(timedelta(hours=-hours))
        numbers.append(order)
    seen: list[tuple[str, str]] = []
    token = ""
    for _ in range(3):
        request = finance_pb2.ListLeadTimeOrdersRequest(
            page={"page_size": 2, "page_token": token}, from_date="2026-11-01", to_date="2026-11-30",
            stage="confirm_to_release", group_by="sales_owner", key="zhao",
        )  # fmt: skip
        answer = await world.finance.ListLeadTimeOrders(request, None)
        seen += [(x.order_number, x.hours) for x in answer.orders]
        token = answer.next_page_token

    assert token == ""
    assert [hours for _, hours in seen] == ["9", "9", "5", "3", "1"]
    assert sorted(number for number, _ in seen) == sorted(numbers)
    groups = await report(world, "week", "2026-11-01", "2026-11-30")
    assert groups["2026-W47"]["confirm_to_release"].n == 5
    for group_by, key, n in (("week", "2026-11-16", 5), ("month", "2026-11-01", 5), ("item", "A", 5), ("item", "B", 0),
                             ("channel", "phone", 5), ("channel", "web", 0), ("customer", world.customer.id, 5), ("customer", "x", 0), ("", "", 5)):  # fmt: skip
        request = finance_pb2.ListLeadTimeOrdersRequest(
            from_date="2026-11-01", to_date="2026-11-30", stage="confirm_to_release", group_by=group_by, key=key
        )
        assert len((await world.finance.ListLeadTimeOrders(request, None)).orders) == n, group_by


async def test_two_periods_beside_each_other_show_the_change(world: World, clock: FixedClock) -> None:
    for hours, day in ((40, 0), (60, 0), (5, 40), (15, 40)):
        clock.advance(timedelta(days=day))
        order = (await world.confirmed(("A", "10"), days=60, note=str(hours))).number
        clock.advance(timedelta(hours=hours))
        await released(world, order)
        clock.advance(timedelta(days=-day, hours=-hours))
    request = finance_pb2.CompareLeadTimesRequest(
        from_date="2027-01-01", to_date="2027-01-10", before_from_date="2026-11-20", before_to_date="2026-11-25"
    )

    found = {x.stage: x for x in (await world.finance.CompareLeadTimes(request, None)).stages}["confirm_to_release"]

    assert (found.before.n, found.before.mean_hours, found.after.n, found.after.mean_hours) == (2, "50", 2, "10")
    assert (found.change_hours, found.change_percent) == ("-40", "-80")


async def test_each_channel_is_compared_with_itself_before(world: World, clock: FixedClock) -> None:
    for channel, hours, day in (("wechat", 40, 0), ("phone", 8, 0), ("wechat", 10, 40), ("phone", 12, 40)):
        clock.advance(timedelta(days=day))
        order = (await world.confirmed(("A", "10"), days=60, note=f"{channel}{hours}", channel=channel)).number
        clock.advance(timedelta(hours=hours))
        await released(world, order)
        clock.advance(timedelta(days=-day, hours=-hours))

    async def change(key: str, group_by: str = "channel") -> tuple[int, str]:
        request = finance_pb2.CompareLeadTimesRequest(
            from_date="2027-01-01", to_date="2027-01-10", before_from_date="2026-11-20", before_to_date="2026-11-25",
            group_by=group_by, key=key,
        )  # fmt: skip
        answer = await world.finance.CompareLeadTimes(request, None)
        found = {x.stage: x for x in answer.stages}["confirm_to_release"]
        return found.after.n, found.change_percent

    assert [await change(key) for key in ("wechat", "phone", "web")] == [(1, "-75"), (1, "50"), (0, "")]
    assert await change(world.customer.id, "customer") == (2, "-54.2")
    with pytest.raises(Invalid):
        await change("2026-11-16", "week")  # a week is in one of the periods only


async def test_deliveries_are_counted_by_channel(world: World, clock: FixedClock) -> None:
    numbers = [
        (await world.confirmed(("A", "10"), days=10 + 30 * (n % 2), note=str(n), channel=channel)).number
        for n, channel in enumerate(("wechat", "wechat", "wechat", "phone"))
    ]
    for number in numbers[:2]:
        await shipped(world, number, f"SH-{number}", "10")
    clock.advance(timedelta(days=12))
    period = {"from_date": "2026-12-01", "to_date": "2027-01-31"}

    answer = await world.finance.GetDelivery(finance_pb2.GetDeliveryRequest(**period, group_by="channel"), None)

    assert [(x.key, x.orders_count, x.on_time_count, x.late_count) for x in answer.groups] == [
        ("phone", 1, 0, 0), ("wechat", 3, 2, 1),
    ]  # fmt: skip
    assert answer.total.orders_count == 4
    assert [(x.month, x.key, x.orders_count) for x in answer.months] == [("2026-12", "", 2), ("2027-01", "", 2)]
    late = finance_pb2.ListDeliveryOrdersRequest(**period, channel="wechat", verdict="late")
    assert [x.order_number for x in (await world.finance.ListDeliveryOrders(late, None)).orders] == [numbers[2]]
    assert not (await world.finance.GetDelivery(finance_pb2.GetDeliveryRequest(**period), None)).groups
    with pytest.raises(Invalid):
        await world.finance.GetDelivery(finance_pb2.GetDeliveryRequest(**period, group_by="moon"), None)


@pytest.mark.parametrize("values", [{"hours": "lunar"}, {"stage": "moon"}, {"page": {"page_token": "x"}}])
async def test_a_cell_that_is_none_is_refused(world: World, values: dict[str, Any]) -> None:
    with pytest.raises((Invalid, BadPageToken)):
        request = finance_pb2.ListLeadTimeOrdersRequest(**{"stage": REPORTED[0], **values})
        await world.finance.ListLeadTimeOrders(request, None)


async def test_deliveries_equal_the_figures_computed_by_hand(world: World, clock: FixedClock) -> None:
    """Fifty orders due in ten days: 20 on time, 15 two days late, 5 open, 5 part-shipped and open, 5 cancelled."""
    numbers = [
        (await world.confirmed(("A", "10"), days=10, note=str(n), urgency="red" if n % 5 == 0 else "green")).number
        for n in range(50)
    ]
    clock.advance(timedelta(days=10))
    for number in numbers[:20]:
        await shipped(world, number, f"SH-{number}", "10")
    for number in numbers[40:45]:
        await shipped(world, number, f"SH-{number}", "4")
    for number in numbers[45:]:
        await world.move(number, "cancel", "不要了")
    request = finance_pb2.GetDeliveryRequest(from_date="2026-12-01", to_date="2026-12-31")
    today = (await world.finance.GetDelivery(request, None)).total
    assert (today.orders_count, today.on_time_count, today.late_count, today.pending_count) == (45, 20, 0, 25)

    clock.advance(timedelta(days=2))
    for number in numbers[20:35]:
        await shipped(world, number, f"SH-{number}", "10")
    clock.advance(timedelta(days=3))

    answer = await world.finance.GetDelivery(request, None)
    found = answer.total
    assert (found.orders_count, found.on_time_count, found.late_count, found.pending_count) == (45, 20, 25, 0)
    assert found.on_time_rate == "0.4444"  # 20 of 45
    assert found.mean_days_late == "3.2"  # 15 x 2 and 10 x 5, over 25
    assert (found.rush_decided_count, found.rush_late_count, found.rush_late_rate) == (9, 5, "0.5556")
    assert (found.shipped_count, found.order_to_ship_days) == (35, "10.8571")  # 20 x 10 and 15 x 12, over 35
    assert [month.month for month in answer.months] == ["2026-12"]
    assert answer.invoicing.opened_count == 35

    late = finance_pb2.ListDeliveryOrdersRequest(
        from_date="2026-12-01", to_date="2026-12-31", verdict="late", page={"page_size": 20}
    )
    first = await world.finance.ListDeliveryOrders(late, None)
    late.page.page_token = first.next_page_token
    rest = await world.finance.ListDeliveryOrders(late, None)
    rows = [*first.orders, *rest.orders]
    assert [row.days_late for row in rows] == [5] * 10 + [2] * 15
    assert {row.order_number for row in rows} == set(numbers[20:45])
    red = finance_pb2.GetDeliveryRequest(from_date="2026-12-01", to_date="2026-12-31", urgency="red")
    assert (await world.finance.GetDelivery(red, None)).total.orders_count == 9


async def test_a_return_makes_a_delivered_order_late_again(world: World, clock: FixedClock) -> None:
    order = (await world.confirmed(("A", "10"), days=10)).number
    await shipped(world, order, "SH1", "10")
    clock.advance(timedelta(days=12))
    await world.tell("inventory", "returns/RT1", inventory.GoodsReturned(
        order_number=order, return_number="RT1",
        lines=[inventory.GoodsLine(line_no=1, item_code="A", quantity="1", unit="台")],
    ))  # fmt: skip
    request = finance_pb2.GetDeliveryRequest(from_date="2026-12-01", to_date="2026-12-31")

    assert (await world.finance.GetDelivery(request, None)).total.late_count == 1
