"""Whose orders a caller sees and changes, and who sees prices: one table each; denial looks like absence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from orderhub.order.v1 import customer_pb2, finance_pb2, order_pb2

from chassis.principal import Principal, current
from order_service.domain.errors import Invalid, NotFound
from order_service.entrypoints.scope import owner_asking
from tests.service.order.conftest import World
from tests.service.order.test_events import shipped

ZHAO = Principal("zhao", "user", frozenset({"sales"}))


@contextmanager
def asking(who: Principal) -> Iterator[None]:
    token = current.set(who)
    try:
        yield
    finally:
        current.reset(token)


def user(subject: str, *roles: str, kind: str = "user") -> Principal:
    return Principal(subject, kind, frozenset(roles))


@pytest.mark.parametrize(
    ("who", "scope", "owner"),
    [
        (user("zhao", "sales"), "own", "zhao"),
        (user("zhao", "sales"), "all", ""),
        (user("zhao", "sales", "sales_supervisor"), "own", ""),
        (user("zhao", "sales", "planner"), "own", ""),
        (user("zhao", "sales_supervisor"), "own", ""),
        (user("zhao", "clerk"), "own", ""),
        (user("zhao", "admin"), "own", ""),
        (user("zhao", "warehouse"), "own", ""),
        (user("service:notify", kind="service"), "own", ""),
    ],
)
def test_only_a_salesperson_alone_is_narrowed(who: Principal, scope: Any, owner: str) -> None:
    with asking(who):
        assert owner_asking(scope) == owner


Call = Callable[[World, order_pb2.Order], Awaitable[Any]]


async def _revise(world: World, order: order_pb2.Order) -> Any:
    request = order_pb2.ReviseOrderRequest(
        context=world.context(), order=order.number, expected_version=order.version, fields=["note"], note="x"
    )
    return await world.orders.ReviseOrder(request, None)


async def _sign(world: World, order: order_pb2.Order) -> Any:
    number = f"SH-{order.number}"
    request = order_pb2.SignShipmentRequest(context=world.context(), shipment=number, signed_by="王工")
    return await world.orders.SignShipment(request, None)


CALLS: dict[str, Call] = {
    "GetOrder": lambda world, order: world.orders.GetOrder(order_pb2.GetOrderRequest(order=order.number), None),
    "GetOrder by id": lambda world, order: world.orders.GetOrder(order_pb2.GetOrderRequest(order=order.id), None),
    "GetTimeline": lambda w, o: w.orders.GetTimeline(order_pb2.GetTimelineRequest(order=o.number), None),
    "GetOrderLeadTime": lambda w, o: w.orders.GetOrderLeadTime(order_pb2.GetOrderLeadTimeRequest(order=o.number), None),
    "MoveOrder": lambda w, o: w.move(o.number, "hold", "等"),
    "ReviseOrder": _revise,
    "SignShipment": _sign,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_an_order_of_a_colleague_is_not_there(world: World, call: Call) -> None:
    theirs = await world.confirmed(("A", "10"), sales_owner="qian")
    own = await world.confirmed(("A", "10"), sales_owner="zhao", days=11)
    nobodys = await world.confirmed(("A", "10"), days=12)
    for order in (theirs, own, nobodys):
        await world.tell("inventory", f"shipments/{order.number}", shipped(order.number, f"SH-{order.number}", "4"))

    with asking(ZHAO):
        with pytest.raises(NotFound):
            await call(world, await _as_everyone(world, theirs))
        for order in (own, nobodys):
            await call(world, await _as_everyone(world, order))


async def _as_everyone(world: World, order: order_pb2.Order) -> order_pb2.Order:
    with asking(user("li.na", "clerk")):
        return await world.order(order.number)


async def test_lists_reports_and_tasks_hold_only_own_orders(world: World) -> None:
    other = await world.new_customer("宏远")
    theirs = await world.confirmed(("A", "10"), sales_owner="qian", customer_id=other.id)
    own = await world.confirmed(("A", "10"), sales_owner="zhao")
    for order in (theirs, own):
        await world.tell("inventory", f"shipments/{order.number}", shipped(order.number, f"SH-{order.number}", "10"))
        await world.tell("planning", f"orders/{order.number}", _plan(order.number))

    with asking(ZHAO):
        orders = (await world.orders.ListOrders(order_pb2.ListOrdersRequest(), None)).orders
        tasks = (await world.finance.ListInvoiceTasks(finance_pb2.ListInvoiceTasksRequest(), None)).tasks
        customers = (await world.customers.ListCustomers(customer_pb2.ListCustomersRequest(), None)).customers
        groups = {
            kind: [x.key for x in (await world.finance.GetLeadTimes(_times(kind), None)).groups]
            for kind in ("customer", "sales_owner")
        }
        behind = await world.finance.ListLeadTimeOrders(
            finance_pb2.ListLeadTimeOrdersRequest(stage="confirm_to_release"), None
        )
        with pytest.raises(NotFound):
            await world.customers.GetCustomer(customer_pb2.GetCustomerRequest(customer_id=other.id), None)
        with pytest.raises(NotFound):
            await world.customers.UpdateCustomer(customer_pb2.UpdateCustomerRequest(
                context=world.context(), customer_id=other.id, fields=["tier"], tier="A"
            ), None)  # fmt: skip

    assert [order.number for order in orders] == [own.number]
    assert [task.order_number for task in tasks] == [own.number]
    assert [customer.name for customer in customers] == ["启明机电"]
    assert groups == {"customer": ["启明机电"], "sales_owner": ["zhao"]}
    assert [order.order_number for order in behind.orders] == [own.number]


def _plan(order: str) -> Any:
    from orderhub.planning.v1 import events_pb2 as planning

    line = {"line_no": 1, "planned_quantity": "10", "unit": "台"}
    return planning.OrderPlanned(order_number=order, lines=[line])


def _times(kind: str) -> finance_pb2.GetLeadTimesRequest:
    return finance_pb2.GetLeadTimesRequest(from_date="2026-11-01", to_date="2026-11-30", group_by=kind)


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("clerk", True), ("sales", True), ("sales_supervisor", True), ("finance", True), ("manager", True),
        ("admin", True), ("planner", False), ("planning_supervisor", False), ("team_leader", False),
        ("warehouse", False), ("device", False),
    ],
)  # fmt: skip
async def test_prices_are_for_those_who_sell_and_invoice(world: World, role: str, sees: bool) -> None:
    line = order_pb2.LineEntry(item_code="A", quantity="1", unit_price="99.5")
    order = await world.submit(lines=[line])

    with asking(user("x", role)):
        found = await world.order(order.number)
        listed = (await world.orders.ListOrders(order_pb2.ListOrdersRequest(), None)).orders[0]
        revision = order_pb2.ReviseOrderRequest(
            context=world.context(), order=order.number, expected_version=found.version, fields=["lines"],
            lines=[order_pb2.LineEntry(line_no=1, item_code="A", quantity="2", unit_price="1")],
        )  # fmt: skip
        if not sees:
            with pytest.raises(Invalid):
                await world.orders.ReviseOrder(revision, None)
            revision.lines[0].unit_price = ""
            await world.orders.ReviseOrder(revision, None)

    assert [found.lines[0].unit_price, listed.lines[0].unit_price] == ["99.5" if sees else ""] * 2
    if not sees:
        assert (await world.order(order.number)).lines[0].unit_price == "99.5"  # not lost by who can't see it


async def test_of_many_orders_those_that_may_be_seen_are_told_and_those_a_file_hangs_on(world: World) -> None:
    own = await world.submit(("A", "1"), sales_owner="zhao", attachment_ids=["file-1"])
    other = await world.submit(("A", "1"), sales_owner="qian", attachment_ids=["file-2"])

    async def seen(*orders: str, attachment: str = "") -> list[str]:
        request = order_pb2.SeeOrdersRequest(orders=orders, attachment_id=attachment)
        return list((await world.orders.SeeOrders(request, None)).orders)

    both = [own.number, other.number, "SO-none", "x\0y"]
    assert await seen(*both) == [own.number, other.number]
    with asking(ZHAO):
        assert await seen(*both) == [own.number]
        assert [await seen(attachment=one) for one in ("file-1", "file-2", "file-3", "a\0b", "")] == [
            [own.number], [], [], [], [],
        ]  # fmt: skip
