"""The check that proves the caches finds what was tampered with."""

from __future__ import annotations

import pytest

from chassis.sql import text
from order_service.adapters.self_check import SelfCheck
from tests.service.order.conftest import World
from tests.service.order.test_finance import complete, invoice, task_of


async def test_what_the_service_wrote_is_what_the_facts_say(world: World) -> None:
    order = await complete(world)
    await invoice(world, (await task_of(world, order.number)).id, "FP1")
    await world.submit(("A", "1"), days=1)

    assert await SelfCheck(world.service.database).drifts() == []


@pytest.mark.parametrize(
    ("tampering", "what"),
    [
        ("UPDATE customer_order SET state = 'closed'", "state"),
        ("UPDATE order_line SET shipped_quantity = 9", "quantities of line 1"),
        ("UPDATE shipment_line SET quantity = 11", "quantities of line 1"),
    ],
)
async def test_a_wrong_cache_is_found(world: World, tampering: str, what: str) -> None:
    order = await complete(world)
    async with world.service.database.transaction(who="test") as unit:
        await unit.execute(text(tampering))

    found = await SelfCheck(world.service.database).drifts()

    assert (order.number, what) in {(drift.order_number, drift.what) for drift in found}
