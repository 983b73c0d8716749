"""The copy of the item master: many items in one statement, newer versions only."""

from __future__ import annotations

from decimal import Decimal

from chassis.database import Transaction
from inventory_service.adapters.items import SqlItems
from inventory_service.domain.item import Item
from tests.service.inventory.conftest import World

CODES = [f"I{n}" for n in range(60)]


async def test_many_items_are_learned_in_one_statement(world: World) -> None:
    class Counting:
        def __init__(self, unit: Transaction) -> None:
            self.unit, self.statements = unit, 0

        async def execute(self, statement: object, params: object = None) -> object:
            self.statements += 1
            return await self.unit.execute(statement, params)  # type: ignore[arg-type]

    async with world.service.database.transaction(who="t") as unit:
        counting = Counting(unit)
        told = [Item(code, code, "m", False, Decimal("0.5"), {"卷": Decimal(100)}, 2) for code in CODES]
        assert await SqlItems(counting).learn([*told, Item("I0", "older", "m", version=1)]) == set(CODES)  # type: ignore[arg-type]
        assert counting.statements == 1
        newer = Item("I1", "newer", "kg", True, version=3)
        assert await SqlItems(unit).learn([told[0], newer]) == {"I1"}
        assert await SqlItems(unit).learn([]) == set()
        assert await SqlItems(unit).find(["I0", "I1"]) == {"I0": told[0], "I1": newer}
