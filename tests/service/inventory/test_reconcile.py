"""The books are compared and what disagrees is named; nothing is repaired behind people's backs."""

from __future__ import annotations

import asyncpg
import pytest

from inventory_service.entrypoints.sweep import Sweep
from tests.service.inventory.conftest import World


async def as_owner(world: World, statement: str) -> None:
    url = (
        world.service.settings.database_url.get_secret_value().replace("+asyncpg", "").replace("test_app", "test_owner")
    )
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE stock SET reserved = 4 WHERE item_code = 'X'", ["reserved_is_held", "nothing_idle_beside_a_shortage"]),
        ("UPDATE stock SET on_hand = 9 WHERE item_code = 'X'", ["on_hand_is_ledger", "nothing_idle_beside_a_shortage"]),
        ("DELETE FROM stock_movement", ["on_hand_is_ledger"]),
        ("UPDATE reservation_line SET got = 3", ["reserved_is_held"]),
    ],
)
async def test_what_disagrees_is_named(world: World, damage: str, named: list[str]) -> None:
    await world.move("receipt", ("X", "5"))
    await world.planned("SO1", stocked=[(1, "X", "8")])
    sweep = Sweep(world.service.database, world.events.warehouses)
    assert await sweep.look_over() == []

    await as_owner(world, damage)

    assert [(found.check, found.item) for found in await sweep.look_over()] == [(check, "X") for check in named]
