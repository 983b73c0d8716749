"""The item master over a real database."""

from __future__ import annotations

import asyncio

import pytest
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.planning.v1 import master_pb2 as m

from chassis.page_token import BadPageToken
from planning_service.adapters.catalogue_cache import CatalogueCache
from planning_service.domain.errors import BomCycle, Invalid, NoBom, NotFound, UnknownItem
from tests.service.planning.conftest import World, line


def reasons(refusal: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(f.field, f.reason) for f in refusal.value.fields}


async def test_an_item_is_kept_and_told_once(world: World) -> None:
    first = await world.item("C", name="C线缆", aliases=["K-7"], units=[m.ItemUnit(unit="卷", factor="100")])
    again = await world.item("C", name="C线缆", aliases=["K-7"], units=[m.ItemUnit(unit="卷", factor="100.0")])
    renamed = await world.item("C", name="C电缆")

    assert (first.version, again.version, renamed.version) == (1, 1, 2)
    assert [e.data["version"] for e in await world.told("ItemChanged")] == ["1", "2"]
    assert {e.subject for e in await world.told("ItemChanged")} == {"items/C"}


async def test_counted_units_are_whole_by_default(world: World) -> None:
    pieces, metres = await world.item("A", unit="台"), await world.item("C", unit="m")
    halves = await world.item("H", unit="件", whole_units=False)

    assert (pieces.whole_units, metres.whole_units, halves.whole_units) == (True, False, False)


async def test_all_faults_of_an_item_at_once(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        await world.item("A/B", unit="尺", name="", safety_stock="-1")

    assert reasons(refusal) == {
        ("code", "INVALID_CODE"),
        ("name", "REQUIRED"),
        ("unit", "UNIT_UNKNOWN"),
        ("safety_stock", "TOO_SMALL"),
    }


@pytest.mark.parametrize("bad", ["NaN", "1e400", "9" * 19, "0.0000001", "abc", "9" * 5000])
async def test_absurd_numbers_are_refused(world: World, bad: str) -> None:
    with pytest.raises(Invalid):
        await world.item("C", safety_stock=bad)


async def test_nul_characters_are_refused(world: World) -> None:
    with pytest.raises(Invalid):
        await world.item("C", name="a\x00b")


async def test_an_alias_names_one_item_only(world: World) -> None:
    await world.item("C", aliases=["K-7"])

    with pytest.raises(Invalid) as refusal:
        await world.item("D", aliases=["K-7", "C"])

    assert reasons(refusal) == {("aliases.0", "ALIAS_TAKEN"), ("aliases.1", "ALIAS_TAKEN")}


async def test_the_stock_unit_of_an_item_is_fixed(world: World) -> None:
    await world.item("C", unit="m")

    with pytest.raises(Invalid) as refusal:
        await world.item("C", unit="kg")

    assert reasons(refusal) == {("unit", "UNIT_FIXED")}


async def test_items_are_found_by_alias_name_and_pinyin(world: World) -> None:
    await world.item("C-1", name="铜线", aliases=["K-7"])
    await world.item("C-2", name="螺丝")

    async def found(q: str) -> list[str]:
        return [i.code for i in (await world.master.ListItems(m.ListItemsRequest(q=q), None)).items]

    assert await found("铜") == ["C-1"]
    assert await found("tx") == ["C-1"]
    assert await found("K-7") == ["C-1"]
    assert await found("%") == []
    batch = await world.master.BatchGetItems(m.BatchGetItemsRequest(codes=["K-7", "C-2", "nope"]), None)
    assert {asked: item.code for asked, item in batch.items.items()} == {"K-7": "C-1", "C-2": "C-2"}


async def test_pages_of_items_are_stable_and_complete(world: World) -> None:
    for n in range(5):
        await world.item(f"I{n}")
    codes, token = [], ""
    while True:
        page = await world.master.ListItems(m.ListItemsRequest(page=PageRequest(page_size=2, page_token=token)), None)
        codes += [item.code for item in page.items]
        token = page.next_page_token
        if not token:
            break

    assert codes == [f"I{n}" for n in range(5)]
    with pytest.raises(BadPageToken):
        await world.master.ListItems(m.ListItemsRequest(page=PageRequest(page_token="garbage")), None)


async def test_a_bill_of_equal_content_is_no_new_version(world: World) -> None:
    await world.motor_factory()
    same = await world.bom("A", line("WIRE", "7.50"))
    changed = await world.bom("A", line("WIRE", "8"))

    assert (same.version, changed.version) == (1, 2)
    bom = await world.master.GetBom(m.GetBomRequest(item_code="A"), None)
    assert bom.bom.lines[0].quantity_per == "8"
    assert [v.version for v in bom.versions] == [2, 1]


async def test_a_dated_version_holds_from_its_day(world: World) -> None:
    await world.motor_factory()
    await world.bom("A", line("WIRE", "9"), effective_from="2026-12-01")

    async def per(day: str) -> str:
        answer = await world.master.GetBom(m.GetBomRequest(item_code="A", date=day), None)
        return answer.bom.lines[0].quantity_per

    assert [await per("2026-11-30"), await per("2026-12-01")] == ["7.5", "9"]


async def test_a_loop_is_refused_and_named(world: World) -> None:
    await world.motor_factory()
    await world.item("S", "make", "个")
    await world.bom("S", line("A"), routing="")

    with pytest.raises(BomCycle) as refusal:
        await world.bom("A", line("S"))

    assert refusal.value.loop == ("A", "S", "A")
    with pytest.raises(BomCycle):
        await world.bom("A", line("A"))


async def test_two_halves_of_a_loop_at_once_are_caught(world: World) -> None:
    """Two replicas, each with its own memory, each adding half a loop; without the lock some pairs both get in."""
    await world.motor_factory()
    other = type(world.master)(world.database, world.master.commands, CatalogueCache(), world.stock, world.clock)
    for n in range(8):
        for code in (f"X{n}", f"Y{n}"):
            await world.item(code, "make", "个")
    await other.Explode(m.ExplodeRequest(item_code="A"), None)

    for n in range(8):
        halves = [
            world.master.PutBom(m.PutBomRequest(item_code=f"X{n}", lines=[line(f"Y{n}")]), None),
            other.PutBom(m.PutBomRequest(item_code=f"Y{n}", lines=[line(f"X{n}")]), None),
        ]
        results = await asyncio.gather(*halves, return_exceptions=True)
        assert sorted(type(r).__name__ for r in results) == ["BomCycle", "PutBomResponse"], n


async def test_another_replica_sees_a_change_at_once(world: World) -> None:
    await world.motor_factory()
    other = type(world.master)(world.database, world.master.commands, CatalogueCache(), world.stock, world.clock)
    before = await other.Explode(m.ExplodeRequest(item_code="A"), None)
    await world.bom("A", line("WIRE", "8"))
    after = await other.Explode(m.ExplodeRequest(item_code="A"), None)

    assert [before.requirements[0].required, after.requirements[0].required] == ["7.5", "8"]


async def test_explosion_shows_need_beside_stock(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=50)

    answer = await world.master.Explode(m.ExplodeRequest(item_code="A", quantity="10"), None)

    (row,) = answer.requirements
    assert (row.item_code, row.level, row.supply, row.required, row.available, row.short) == (
        "WIRE", 1, "buy", "75", "50", "25",
    )  # fmt: skip
    assert answer.date == "2026-11-22"


async def test_explosion_refuses_what_it_cannot_do(world: World) -> None:
    await world.motor_factory()

    with pytest.raises(UnknownItem):
        await world.master.Explode(m.ExplodeRequest(item_code="GHOST"), None)
    with pytest.raises(NoBom):
        await world.master.Explode(m.ExplodeRequest(item_code="C"), None)
    with pytest.raises(Invalid):
        await world.master.Explode(m.ExplodeRequest(item_code="A", quantity="0", date="2026-13-01"), None)


async def test_where_used_goes_up_all_levels(world: World) -> None:
    await world.motor_factory()
    await world.item("LINE", "make", "套")
    await world.bom("LINE", line("A", 2))

    answer = await world.master.GetWhereUsed(m.GetWhereUsedRequest(code="WIRE"), None)

    assert [(u.item_code, u.quantity_per, u.distance) for u in answer.parents] == [
        ("A", "7.5", 1),
        ("B", "10", 1),
        ("LINE", "2", 2),
    ]


async def test_what_nobody_knows_is_not_found(world: World) -> None:
    for call, request in (
        (world.master.GetItem, m.GetItemRequest(code="nope")),
        (world.master.GetRouting, m.GetRoutingRequest(code="nope\x00")),
    ):
        with pytest.raises(NotFound):
            await call(request, None)
