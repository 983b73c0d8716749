"""Invoicing by the customer's policy: one task per shipment, exactly once each, whatever comes twice or late (S55, S59)."""

from __future__ import annotations

import asyncio
import itertools

import pytest
import pytest_asyncio
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import customer_pb2, finance_pb2

from order_service.domain.errors import Invalid
from tests.service.order.conftest import World
from tests.service.order.test_events import shipped
from tests.service.order.test_finance import invoice, reconciliation


async def set_policy(world: World, policy: str) -> None:
    request = customer_pb2.UpdateCustomerRequest(
        context=world.context(), customer_id=world.customer.id, fields=["invoice_policy"], invoice_policy=policy
    )
    await world.customers.UpdateCustomer(request, None)


@pytest_asyncio.fixture
async def per_shipment(world: World) -> World:
    await set_policy(world, "per_shipment")
    return world


def back(order: str, number: str, quantity: str) -> inventory.GoodsReturned:
    line = inventory.GoodsLine(line_no=1, item_code="A", quantity=quantity, unit="台")
    return inventory.GoodsReturned(order_number=order, return_number=number, lines=[line])


async def ship(world: World, order: str, shipment: str, quantity: str, hour: int = 0) -> None:
    message = shipped(order, shipment, quantity)
    message.shipped_at.seconds = int(world.clock.now().timestamp()) + hour * 3600
    await world.tell("inventory", f"shipments/{shipment}", message)


async def give_back(world: World, order: str, number: str, quantity: str) -> None:
    await world.tell("inventory", f"returns/{number}", back(order, number, quantity))


async def tasks(world: World, order: str) -> dict[str, tuple[str, list[str]]]:
    """Return state and quantities of the order's tasks by shipment."""
    answer = await world.finance.ListInvoiceTasks(finance_pb2.ListInvoiceTasksRequest(order=order), None)
    return {x.shipment_number: (x.state, [line.quantity for line in x.lines]) for x in reversed(answer.tasks)}


async def task_id(world: World, order: str, shipment: str) -> str:
    answer = await world.finance.ListInvoiceTasks(finance_pb2.ListInvoiceTasksRequest(order=order), None)
    return next(task.id for task in answer.tasks if task.shipment_number == shipment)


async def test_each_shipment_opens_its_own_task_and_the_last_invoice_closes_the_order(per_shipment: World) -> None:
    world = per_shipment
    order = (await world.confirmed(("A", "10"))).number
    await ship(world, order, "SH1", "4")
    assert await tasks(world, order) == {"SH1": ("open", ["4"])}
    await ship(world, order, "SH2", "6", hour=1)

    assert await tasks(world, order) == {"SH1": ("open", ["4"]), "SH2": ("open", ["6"])}
    told = [event.data for event in await world.told(f"orders/{order}") if event.type.endswith("InvoiceTaskOpened")]
    assert [(x["shipment_number"], [y["quantity"] for y in x["to_invoice"]]) for x in told] == [
        ("SH1", ["4"]), ("SH2", ["6"]),
    ]  # fmt: skip

    for shipment in ("SH1", "SH2"):
        await invoice(world, await task_id(world, order, shipment), f"FP-{shipment}")
    assert await tasks(world, order) == {"SH1": ("done", ["4"]), "SH2": ("done", ["6"])}
    assert (await world.order(order)).lines[0].invoiced_quantity == "10"
    assert await reconciliation(world, "2026-11") == []


async def test_shipments_told_twice_and_at_once_open_one_task_each(per_shipment: World) -> None:
    world = per_shipment
    order = (await world.confirmed(("A", "10"))).number
    events = [world.event("inventory", f"shipments/SH{n}", shipped(order, f"SH{n}", "2")) for n in range(5)]
    again = [world.event("inventory", f"again/SH{n}", shipped(order, f"SH{n}", "2")) for n in range(5)]

    await asyncio.gather(*(world.service.inbox().take([event]) for event in (*events, *again)))
    await asyncio.gather(*(world.service.inbox().take([event]) for event in (*events, *again)))

    assert await tasks(world, order) == {f"SH{n}": ("open", ["2"]) for n in range(5)}
    assert (await world.names(order)).count("InvoiceTaskOpened") == 5


async def test_a_return_opens_the_invoiced_task_again_for_what_came_back(per_shipment: World) -> None:
    world = per_shipment
    order = (await world.confirmed(("A", "10"))).number
    await ship(world, order, "SH1", "4")
    await ship(world, order, "SH2", "6", hour=1)
    for shipment in ("SH1", "SH2"):
        await invoice(world, await task_id(world, order, shipment), f"FP-{shipment}")

    await give_back(world, order, "RT1", "7")  # all of the newest shipment and one of the first

    assert await tasks(world, order) == {"SH1": ("open", ["-1"]), "SH2": ("open", ["-6"])}
    for shipment in ("SH1", "SH2"):
        await invoice(world, await task_id(world, order, shipment), f"RED-{shipment}")
    await ship(world, order, "SH3", "7", hour=2)
    assert await tasks(world, order) == {"SH1": ("done", ["3"]), "SH2": ("done", []), "SH3": ("open", ["7"])}
    await invoice(world, await task_id(world, order, "SH3"), "FP-SH3")
    assert await reconciliation(world, "2026-11") == []


async def test_a_return_before_the_invoice_lowers_what_its_task_asks_for(per_shipment: World) -> None:
    world = per_shipment
    order = (await world.confirmed(("A", "10"))).number
    await ship(world, order, "SH1", "4")
    await give_back(world, order, "RT1", "1")

    assert await tasks(world, order) == {"SH1": ("open", ["3"])}


async def test_any_order_of_shipments_and_returns_ends_the_same(per_shipment: World) -> None:
    world = per_shipment
    for n, sequence in enumerate(itertools.permutations(range(3))):
        order = (await world.confirmed(("A", "10"), days=10 + n)).number
        events = [
            world.event("inventory", f"shipments/S{n}a", shipped(order, f"S{n}a", "4")),
            world.event("inventory", f"shipments/S{n}b", shipped(order, f"S{n}b", "6")),
            world.event("inventory", f"returns/R{n}", back(order, f"R{n}", "7")),
        ]
        for index in sequence:
            await world.service.inbox().take([events[index]])
        asked = sum(int(q) for _, lines in (await tasks(world, order)).values() for q in lines)
        assert asked == 3, sequence
        line = (await world.order(order)).lines[0]
        assert (line.shipped_quantity, line.returned_quantity) == ("10", "7")


async def test_a_policy_changed_on_the_way_leaves_nothing_out_and_nothing_twice(world: World) -> None:
    first, second = [(await world.confirmed(("A", "10"), days=days)).number for days in (10, 11)]
    await ship(world, first, "SH1", "4")
    await set_policy(world, "per_shipment")
    await ship(world, first, "SH2", "6", hour=1)
    assert await tasks(world, first) == {"SH1": ("open", ["4"]), "SH2": ("open", ["6"])}

    await ship(world, second, "SH3", "4")
    await set_policy(world, "when_complete")
    await ship(world, second, "SH4", "6", hour=1)
    assert await tasks(world, second) == {"SH3": ("open", ["4"]), "": ("open", ["6"])}


async def test_closing_short_invoices_only_what_no_task_asks_for(per_shipment: World) -> None:
    world = per_shipment
    order = (await world.confirmed(("A", "10"))).number
    await ship(world, order, "SH1", "4")

    assert (await world.move(order, "cancel", "减量")).state == "closed_short"

    assert await tasks(world, order) == {"SH1": ("open", ["4"])}


async def test_an_unknown_policy_is_refused_by_name(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        await set_policy(world, "sometimes")
    assert [(x.field, x.reason) for x in refused.value.fields] == [("invoice_policy", "INVOICE_POLICY_UNKNOWN")]
    assert (await world.new_customer("新客户")).invoice_policy == "when_complete"
    told = (await world.told(f"customers/{world.customer.id}"))[-1]
    assert told.data["invoice_policy"] == "when_complete"
