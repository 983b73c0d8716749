"""The self-check finds books that disagree, and stock held for orders that are over or that nobody knows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from inventory_service.adapters.book_checks import BookChecks
from inventory_service.adapters.neighbours import Neighbours
from tests.service.inventory.conftest import World
from tests.service.inventory.test_reconcile import as_owner

FREE = "ALTER TABLE stock DROP CONSTRAINT no_oversell; "


class Orders(Neighbours):
    """The order service's answers, in memory."""

    def __init__(self, states: dict[str, tuple[str, datetime]]) -> None:
        self.states = states

    async def order_states(self, numbers: object) -> dict[str, tuple[str, datetime]]:
        return self.states


async def states(world: World, known: dict[str, tuple[str, datetime]]) -> dict[str, list[str]]:
    """Return the objects found by each check that is not good."""
    checks = BookChecks(world.service.database, Orders(known)).checks()
    found = {code: await check() for code, check in checks.items()}
    return {code: [one.object for one in part.findings] for code, part in found.items() if part.state != "good"}


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE stock SET reserved = 4", {"stock_reserved", "stock_idle"}),
        ("UPDATE stock SET on_hand = 9", {"stock_ledger", "stock_idle"}),
        ("DELETE FROM stock_movement", {"stock_ledger"}),
        (FREE + "UPDATE stock SET on_hand = 3", {"stock_ledger", "stock_overdrawn"}),
    ],
)
async def test_books_that_disagree_are_found(world: World, damage: str, found: set[str]) -> None:
    await world.move("receipt", ("X", "5"))
    await world.planned("SO1", stocked=[(1, "X", "8")])
    alive = {"SO1": ("planned", world.service.database.clock.now())}
    assert await states(world, alive) == {}

    await as_owner(world, damage)

    assert await states(world, alive) == {code: ["X"] for code in found}


@pytest.mark.parametrize(
    ("state", "minutes", "found"),
    [("cancelled", 5, True), ("closed_short", 5, True), ("cancelled", 0, False), ("planned", 5, False)],
)
async def test_stock_held_for_an_order_that_is_over_is_found(
    world: World, state: str, minutes: int, found: bool
) -> None:
    await world.move("receipt", ("X", "5"))
    await world.planned("SO1", stocked=[(1, "X", "3")])
    changed = world.service.database.clock.now() - timedelta(minutes=minutes)

    assert ("orphan_reservations" in await states(world, {"SO1": (state, changed)})) is found


async def test_stock_held_for_an_order_nobody_knows_is_found(world: World) -> None:
    await world.move("receipt", ("X", "5"))
    await world.planned("SO1", stocked=[(1, "X", "3")])

    assert await states(world, {}) == {"orphan_reservations": ["SO1"]}
