"""Invoice tasks, reconciliation with planted differences, lead times against computed ones."""

from __future__ import annotations

import asyncio
import statistics
from datetime import timedelta
from decimal import Decimal

import pytest
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import finance_pb2, order_pb2
from orderhub.planning.v1 import events_pb2 as planning

from chassis.clock import FixedClock
from order_service.domain.errors import IllegalMove, Invalid, NotFound
from order_service.entrypoints.overdue_loop import OverdueWatch
from tests.service.order.conftest import World
from tests.service.order.test_events import shipped
from tests.service.order.test_story import stamp


async def task_of(world: World, order: str) -> finance_pb2.InvoiceTask:
    answer = await world.finance.ListInvoiceTasks(finance_pb2.ListInvoiceTasksRequest(order=order), None)
    return answer.tasks[0]


async def invoice(world: World, task_id: str, number: str, **lines: str) -> finance_pb2.InvoiceTask:
    request = finance_pb2.RecordInvoiceRequest(
        context=world.context(), task_id=task_id, invoice_no=number,
        lines=[finance_pb2.InvoiceLine(line_no=int(n[1:]), quantity=q) for n, q in lines.items()],
    )  # fmt: skip
    return (await world.finance.RecordInvoice(request, None)).task


async def complete(world: World, quantity: str = "10") -> order_pb2.Order:
    order = await world.confirmed(("A", quantity))
    message = shipped(order.number, f"SH-{order.number}", quantity)
    message.shipped_at.CopyFrom(stamp(world.clock))  # type: ignore[arg-type]
    await world.tell("inventory", f"shipments/SH-{order.number}", message)
    return order


async def test_an_invoice_closes_its_task_and_the_same_again_changes_nothing(world: World) -> None:
    order = await complete(world)
    task = await task_of(world, order.number)
    assert (task.state, task.lines[0].quantity) == ("open", "10")

    first = await invoice(world, task.id, "FP1")
    again = await invoice(world, task.id, "FP1")

    assert first == again
    assert (first.state, first.invoice_no, first.lines[0].quantity) == ("done", "FP1", "10")
    assert (await world.names(order.number)).count("InvoiceRecorded") == 1
    with pytest.raises(IllegalMove):
        await invoice(world, task.id, "FP2")


async def test_what_was_shipped_is_invoiced_when_an_order_closes_short(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    await world.tell("inventory", "shipments/SH1", shipped(order.number, "SH1", "4"))

    assert (await world.move(order.number, "cancel", "减量")).state == "closed_short"

    assert [line.quantity for line in (await task_of(world, order.number)).lines] == ["4"]
    assert (await world.names(order.number))[-2:] == ["OrderCancelled", "InvoiceTaskOpened"]


async def test_a_return_after_the_invoice_opens_the_task_for_the_difference(world: World) -> None:
    order = await complete(world)
    task = await task_of(world, order.number)
    await invoice(world, task.id, "FP1")
    await world.tell("inventory", "returns/RT1", inventory.GoodsReturned(
        order_number=order.number, return_number="RT1",
        lines=[inventory.GoodsLine(line_no=1, item_code="A", quantity="2", unit="台")],
    ))  # fmt: skip

    again = await task_of(world, order.number)
    assert (again.id, again.state, again.lines[0].quantity) == (task.id, "open", "-2")

    assert (await invoice(world, task.id, "FP1-红冲")).state == "done"
    assert (await world.order(order.number)).lines[0].invoiced_quantity == "8"


@pytest.mark.parametrize("lines", [{"_9": "1"}, {"_1": "many"}, {"_1": "1e400"}, {"_1": "0.0000001"}])
async def test_a_bad_invoice_is_refused_by_name(world: World, lines: dict[str, str]) -> None:
    task = await task_of(world, (await complete(world)).number)

    with pytest.raises(Invalid):
        await invoice(world, task.id, "FP1", **lines)
    with pytest.raises(Invalid):
        await invoice(world, task.id, " ")
    assert (await task_of(world, task.order_number)).state == "open"


async def test_an_unknown_task_is_not_found(world: World) -> None:
    for task_id in ("nothing", "01977c1e-0000-7000-8000-000000000001", "\x00"):
        with pytest.raises(NotFound):
            await invoice(world, task_id, "FP1")


async def reconciliation(world: World, month: str) -> list[finance_pb2.Difference]:
    request = finance_pb2.GetReconciliationRequest(month=month)
    return list((await world.finance.GetReconciliation(request, None)).items)


async def test_seventeen_planted_differences_are_found_and_nothing_else(world: World) -> None:
    planted = set()
    for n in range(34):
        order = await complete(world)
        task = await task_of(world, order.number)
        wrong = n % 2 == 0
        await invoice(world, task.id, f"FP{n}", _1=("9" if n % 4 else "11") if wrong else "10")
        if wrong:
            planted.add(order.number)

    found = await reconciliation(world, "2026-11")

    assert {item.order_number for item in found} == planted
    assert len(found) == 17
    first = found[0]
    assert (first.shipped, first.invoiced, first.difference) == ("10", "11", "-1")
    assert [(x.kind, x.quantity, x.actor) for x in first.sources] == [
        ("shipment", "10", "someone"), ("invoice", "11", "li.na"),
    ]  # fmt: skip
    assert await reconciliation(world, "2026-10") == []


@pytest.mark.parametrize("month", ["2026", "2026-13", "9999-12", "0001-01", "November", "\x00"])
async def test_a_month_that_is_none_is_refused(world: World, month: str) -> None:
    with pytest.raises(Invalid):
        await reconciliation(world, month)


async def test_lead_times_equal_the_ones_computed_by_hand(world: World, clock: FixedClock) -> None:
    waits = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
    for hours in waits:
        order = await world.confirmed(("A", "1"), days=30, sales_owner="zhao" if hours % 2 else "qian")
        clock.advance(timedelta(hours=hours))
        await world.tell("planning", f"orders/{order.number}", planning.OrderPlanned(
            order_number=order.number, planned_at=stamp(clock),
            lines=[{"line_no": 1, "planned_quantity": "1", "unit": "台"}],
        ))  # fmt: skip
        clock.advance(timedelta(hours=-hours))

    cell = await confirm_to_release(world, "month")
    assert cell["2026-11"].n == 10
    assert Decimal(cell["2026-11"].mean_hours) == Decimal("23.1")
    assert Decimal(cell["2026-11"].median_hours) == Decimal("10.5")
    assert Decimal(cell["2026-11"].p90_hours) == Decimal(str(statistics.quantiles(waits, n=10, method="inclusive")[8]))
    by_owner = await confirm_to_release(world, "sales_owner")
    assert {key: x.n for key, x in by_owner.items()} == {"qian": 3, "zhao": 7}
    for group in ("week", "customer", "item"):
        assert [x.n for x in (await confirm_to_release(world, group)).values()] == [10]


async def confirm_to_release(world: World, group: str) -> dict[str, finance_pb2.LeadTimeCell]:
    request = finance_pb2.GetLeadTimesRequest(from_date="2026-11-01", to_date="2026-11-30", group_by=group)
    answer = await world.finance.GetLeadTimes(request, None)
    assert list(answer.stages[:4]) == ["quote_to_confirm", "confirm_to_release", "dispatch_to_start", "receipt_to_ship"]
    return {group.key: next(x for x in group.cells if x.stage == "confirm_to_release") for group in answer.groups}


@pytest.mark.parametrize(
    "values",
    [
        {"group_by": "moon"},
        {"from_date": "2026-12-01", "to_date": "2026-11-01"},
        {"from_date": "0001-01-01"},
        {"to_date": "x"},
    ],
)
async def test_a_period_that_is_none_is_refused(world: World, values: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        await world.finance.GetLeadTimes(finance_pb2.GetLeadTimesRequest(**values), None)


async def timeliness(world: World) -> finance_pb2.GetInvoiceTimelinessResponse:
    request = finance_pb2.GetInvoiceTimelinessRequest(from_date="2026-11-22", to_date="2026-11-22")
    return await world.finance.GetInvoiceTimeliness(request, None)


async def test_invoices_in_time_are_counted_against_the_days_agreed(world: World, clock: FixedClock) -> None:
    tasks = [await task_of(world, (await complete(world)).number) for _ in range(4)]
    assert ((await timeliness(world)).pending_count, (await timeliness(world)).rate) == (4, "")
    clock.advance(timedelta(days=3))
    await invoice(world, tasks[0].id, "FP0")  # in time to the second
    clock.advance(timedelta(seconds=1))
    await invoice(world, tasks[1].id, "FP1")

    found = await timeliness(world)

    assert (found.opened_count, found.in_time_count, found.late_count, found.pending_count) == (4, 1, 3, 0)
    assert (found.rate, found.due_days) == ("0.25", 3)
    assert [task.id for task in found.overdue] == [tasks[2].id, tasks[3].id]


async def test_an_overdue_task_is_told_once_and_again_after_it_was_reopened(world: World, clock: FixedClock) -> None:
    watch = OverdueWatch(world.service.database, 3)
    order = await complete(world)
    assert await watch.look() == 0
    clock.advance(timedelta(days=3, seconds=1))

    assert sum(await asyncio.gather(*(watch.look() for _ in range(4)))) == 1
    assert await watch.look() == 0
    told = (await world.told(f"orders/{order.number}"))[-1]
    assert (told.type.rsplit(".", 1)[1], told.data["due_days"]) == ("InvoiceTaskOverdue", 3)

    await invoice(world, (await task_of(world, order.number)).id, "FP1")
    await world.tell("inventory", "returns/RT1", inventory.GoodsReturned(
        order_number=order.number, return_number="RT1", returned_at=stamp(clock),
        lines=[inventory.GoodsLine(line_no=1, item_code="A", quantity="2", unit="台")],
    ))  # fmt: skip
    assert await watch.look() == 0
    clock.advance(timedelta(days=4))
    assert await watch.look() == 1


async def test_a_difference_names_who_received_shipped_and_invoiced(world: World) -> None:
    order = await world.confirmed(("A", "10"))
    await world.tell("inventory", "receipts/GR1", inventory.GoodsReceived(
        order_number=order.number, line_no=1, receipt_number="GR1", item_code="A", quantity="10", unit="台",
        finished_good=True, received_at=stamp(world.clock),
    ))  # fmt: skip
    message = shipped(order.number, "SH1", "10")
    message.shipped_at.CopyFrom(stamp(world.clock))  # type: ignore[arg-type]
    await world.tell("inventory", "shipments/SH1", message)
    await invoice(world, (await task_of(world, order.number)).id, "FP1", _1="9")

    found = (await reconciliation(world, "2026-11"))[0].sources

    assert sorted((x.kind, x.ref, x.actor) for x in found) == [
        ("invoice", "FP1", "li.na"), ("receipt", "GR1", "someone"), ("shipment", "SH1", "someone"),
    ]  # fmt: skip
