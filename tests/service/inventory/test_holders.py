"""Who holds items: many at once, the last in rank first, as many as are needed."""

from __future__ import annotations

import pytest
from orderhub.inventory.v1 import inventory_pb2 as pb

from inventory_service.domain.errors import Invalid
from tests.service.inventory.conftest import World, made


async def holders(world: World, *items: tuple[str, str], **behind: str) -> list[tuple[str, str, str]]:
    """Return (order, item, held) of the answer."""
    wanted = [pb.HeldItem(item_code=code, quantity=quantity) for code, quantity in items]
    answer = await world.stock.ListHolders(pb.ListHoldersRequest(items=wanted, **behind), None)
    return [(found.order_number, found.item_code, found.reserved) for found in answer.reservations]


async def test_the_last_in_rank_come_first_and_only_as_many_as_are_needed(world: World) -> None:
    await world.move("receipt", ("X", "9"), ("Y", "5"))
    for order, urgency, items in [
        ("SO1", "red", {"X": "2"}), ("SO2", "green", {"X": "3", "Y": "4"}), ("SO3", "yellow", {"X": "4", "Y": "1"}),
        ("SO4", "green", {"X": "6"}),
    ]:  # fmt: skip
        stocked = [(n, item, quantity) for n, (item, quantity) in enumerate(items.items(), 1)]
        await world.planned(order, stocked=stocked, urgency=urgency)

    assert await holders(world, ("X", ""), ("Y", ""), ("Z", "")) == [
        ("SO2", "X", "3"), ("SO3", "X", "4"), ("SO1", "X", "2"), ("SO2", "Y", "4"), ("SO3", "Y", "1"),
    ]  # fmt: skip
    assert await holders(world, ("X", "3")) == [("SO2", "X", "3")]
    assert await holders(world, ("X", "3.5"), ("Y", "1")) == [("SO2", "X", "3"), ("SO3", "X", "4"), ("SO2", "Y", "4")]
    behind = {"order": "SO9", "urgency": "yellow", "due_date": "2026-12-01"}
    assert await holders(world, ("X", "100"), **behind) == [("SO2", "X", "3"), ("SO3", "X", "4")]
    assert await holders(world, ("X", "100"), **{**behind, "order": "SO2"}) == [("SO3", "X", "4")]


async def test_who_gives_way_is_found_behind_any_number_of_others(world: World) -> None:
    await world.move("receipt", ("X", "1101"))
    for n in range(0, 1_100, 100):
        jobs = [made(f"PO{n + i}", "A", "1", ("X", "1"), urgency="red") for i in range(100)]
        await world.planned(f"SO{n}", *jobs, urgency="red")
    await world.planned("SOLAST", stocked=[(1, "X", "1")])

    assert await holders(world, ("X", "1"), order="SOX", urgency="red", due_date="2026-11-01") == [("SOLAST", "X", "1")]
    assert len(await holders(world, ("X", ""))) == 200


async def test_what_means_nothing_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        await holders(world, ("X", "-1"), ("Y", "many"), due_date="soon")

    assert {problem.field: problem.reason for problem in refusal.value.fields} == {
        "items.0.quantity": "QUANTITY_NOT_POSITIVE", "items.1.quantity": "QUANTITY_INVALID", "due_date": "DATE_INVALID",
    }  # fmt: skip
