"""Every order's state follows from its events (S97); what was tampered with is found."""

from __future__ import annotations

import asyncpg
import pytest
from orderhub.order.v1 import order_pb2 as pb

from order_service.adapters.order_checks import OrderChecks
from order_service.adapters.self_check import SelfCheck
from tests.service.order.conftest import World
from tests.service.order.test_finance import complete, invoice, task_of


def checks(world: World) -> OrderChecks:
    database = world.service.database
    return OrderChecks(database, SelfCheck(database))


async def test_states_follow_from_the_history(world: World) -> None:
    order = await complete(world)
    await invoice(world, (await task_of(world, order.number)).id, "FP1")
    await world.submit(("A", "1"), days=1)
    await world.submit(("A", "2"), days=30)

    found = [await check() for check in checks(world).checks().values()]

    assert [section.state for section in found] == ["good", "good"], found


@pytest.mark.parametrize(
    ("tampering", "code"),
    [
        ("UPDATE customer_order SET state = 'closed'", "order_states"),
        ("UPDATE customer_order SET cancelled_at = now(), state = 'cancelled'", "order_history"),
        ("DELETE FROM timeline WHERE what = 'OrderConfirmed'", "order_history"),
        ("DELETE FROM timeline", "order_history"),
    ],
)
async def test_what_was_tampered_with_is_found(world: World, tampering: str, code: str) -> None:
    order = await complete(world)
    connection = await asyncpg.connect(world.service.database.dsn.replace("test_app:", "test_owner:"))
    await connection.execute(tampering)
    await connection.close()

    found = await checks(world).checks()[code]()

    assert (found.state, [one.object for one in found.findings]) == ("bad", [order.number])


async def test_the_states_of_many_orders_come_in_one_answer(world: World) -> None:
    order = await world.submit(("A", "1"), days=30)
    request = pb.BatchGetOrderStatesRequest(order_numbers=[order.number, "SO-NONE", "bad\x00name"])

    found = await world.orders.BatchGetOrderStates(request, None)

    assert {number: one.state for number, one in found.orders.items()} == {order.number: order.state}
