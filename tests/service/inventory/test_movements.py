"""Movements by hand, balances, ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.inventory.v1 import inventory_pb2 as pb

from chassis.page_token import BadPageToken, write
from tests.service.inventory.conftest import World


async def test_each_kind_does_what_it_says(world: World) -> None:
    await world.move("receipt", ("W", "10.5"))
    await world.move("issue", ("W", "0.5"))
    await world.move("adjustment", ("W", "-2"))
    await world.move("count", ("W", "7.25"))

    entries = (await world.stock.ListLedger(pb.ListLedgerRequest(item_code="W"), None)).entries
    assert [(e.kind, e.quantity, e.unit, e.actor) for e in entries] == [
        ("count", "-0.75", "m", "cang.ku"), ("adjustment", "-2", "m", "cang.ku"), ("issue", "-0.5", "m", "cang.ku"),
        ("receipt", "10.5", "m", "cang.ku"),
    ]  # fmt: skip
    told = await world.told("items/W")
    assert [(e.data["kind"], e.data["quantity"], e.data["on_hand"]) for e in told][-1] == ("count", "-0.75", "7.25")
    assert await world.balance("W") == ("7.25", "0", "7.25")
    await world.check()


async def test_units_convert_exactly(world: World) -> None:
    answer = await world.move("receipt", ("W", "1.23456789", "卷"), ("W", "0.1"), ("W", "0.2", "m"))

    assert answer.stock[0].on_hand == "123.756789"
    _, _, params = await world.refused(world.move("receipt", ("W", "1", "箱"), ("W", "0.000000001", "卷")))
    assert params["fields"] == {"lines[0].unit": "UNIT_UNKNOWN", "lines[1].quantity": "QUANTITY_TOO_FINE"}


async def test_below_zero_is_refused_and_nothing_moves(world: World) -> None:
    await world.move("receipt", ("X", "5"), ("Y", "5"))

    code, reason, params = await world.refused(world.move("issue", ("X", "1"), ("Y", "6")))

    assert (code, reason) == ("FAILED_PRECONDITION", "INSUFFICIENT_STOCK")
    assert {k: params[k] for k in ("item", "available", "wanted")} == {"item": "Y", "available": "5", "wanted": "6"}
    assert (await world.refused(world.move("adjustment", ("X", "-6"))))[1] == "INSUFFICIENT_STOCK"
    assert await world.balance("X") == ("5", "0", "5")


async def test_stock_under_quality_hold_is_not_available(world: World) -> None:
    await world.move("receipt", ("X", "10"))
    await world.move("quarantine", ("X", "7"))
    await world.planned("SO1", stocked=[(1, "X", "5")])
    assert await world.balance("X") == ("10", "3", "0")
    assert (await world.refused(world.move("quarantine", ("X", "1"))))[1] == "INSUFFICIENT_STOCK"
    assert (await world.refused(world.move("release", ("X", "8"))))[1] == "INSUFFICIENT_STOCK"

    await world.move("release", ("X", "7"))

    assert await world.balance("X") == ("10", "5", "5")
    assert await world.names("orders/SO1") == ["ComponentsShort", "ComponentsReserved"]
    entries = (await world.stock.ListLedger(pb.ListLedgerRequest(item_code="X"), None)).entries
    assert [(e.kind, e.quantity, e.ref) for e in entries][:2] == [("release", "0", "7"), ("quarantine", "0", "7")]
    await world.check()


async def test_a_movement_id_counts_once(world: World) -> None:
    first = await world.move("receipt", ("X", "5"), movement_id="m-1")
    again = await world.move("receipt", ("X", "5"), movement_id="m-1")
    together = await asyncio.gather(*(world.move("receipt", ("X", "1"), movement_id="m-2") for _ in range(8)))

    assert again == first
    assert {answer.stock[0].on_hand for answer in together} == {"6"}
    assert await world.balance("X") == ("6", "0", "6")


async def test_a_key_counts_once(world: World) -> None:
    first = await world.move("receipt", ("X", "5"), context=world.context("k"))
    again = await world.move("receipt", ("X", "5"), context=world.context("k"))

    assert again == first
    assert (await world.refused(world.move("receipt", ("X", "6"), context=world.context("k", "g"))))[
        1
    ] == "IDEMPOTENCY_KEY_REUSED"
    assert await world.balance("X") == ("5", "0", "5")


async def test_everything_wrong_is_named_at_once(world: World) -> None:
    _, _, params = await world.refused(
        world.move("steal", ("none", "1"), ("X", "NaN"), ("X", "0.5"), ("a\x00b", "1"), reason="\x01")
    )

    assert params["fields"] == {
        "reason": "TEXT_INVALID", "kind": "KIND_UNKNOWN", "lines[0].item_code": "ITEM_UNKNOWN",
        "lines[1].quantity": "QUANTITY_INVALID", "lines[2].quantity": "QUANTITY_NOT_WHOLE", "lines[3].item_code": "ITEM_UNKNOWN",
    }  # fmt: skip
    _, _, params = await world.refused(world.move("count", ("X", "1"), ("X", "2"), ("Y", "-1")))
    assert params["fields"] == {"lines[1].item_code": "ITEM_REPEATED", "lines[2].quantity": "QUANTITY_NEGATIVE"}
    assert (await world.refused(world.move("receipt", ("X", "1"), movement_id="\x00")))[0] == "INVALID_ARGUMENT"
    await world.move("receipt", ("X", "999999999"))
    assert (await world.refused(world.move("receipt", ("X", "1"))))[1] == "QUANTITY_TOO_LARGE"


async def test_a_known_item_without_stock_has_nothing(world: World) -> None:
    assert await world.balance("X") == ("0", "0", "0")
    code, reason, _ = await world.refused(world.stock.GetStock(pb.GetStockRequest(item_code="none"), None))
    assert (code, reason) == ("NOT_FOUND", "ITEM_UNKNOWN")
    assert (await world.refused(world.stock.GetStock(pb.GetStockRequest(item_code="\x00"), None)))[0] == "NOT_FOUND"
    assert (await world.refused(world.stock.ListLedger(pb.ListLedgerRequest(item_code="none"), None)))[0] == "NOT_FOUND"


async def test_availability_of_many_items_in_one_answer(world: World) -> None:
    await world.move("receipt", ("X", "5"))

    found = (await world.stock.GetAvailability(pb.GetAvailabilityRequest(item_codes=["X", "none", "\x00"]), None)).stock

    assert {code: stock.available for code, stock in found.items()} == {"X": "5", "none": "0", "\x00": "0"}


async def test_an_alias_is_the_item(world: World) -> None:
    world.planning.put("M", name="电机", aliases=["马达"])

    answer = await world.move("receipt", ("马达", "3"), ("M", "2"))

    assert [(stock.item_code, stock.on_hand) for stock in answer.stock] == [("M", "5")]


async def test_pages_are_stable_while_rows_are_added(world: World) -> None:
    for number in range(7):
        await world.move("receipt", ("X", "1"), movement_id=f"m{number}")

    seen, token = [], ""
    while True:
        page = PageRequest(page_size=3, page_token=token)
        answer = await world.stock.ListLedger(pb.ListLedgerRequest(item_code="X", page=page), None)
        seen += [entry.movement_id for entry in answer.entries]
        token = answer.next_page_token
        await world.move("receipt", ("X", "1"))
        if not token:
            break

    assert seen == [f"m{number}" for number in reversed(range(7))]


LISTS: dict[str, Callable[[World, PageRequest], Awaitable[Any]]] = {
    "stock": lambda world, page: world.stock.ListStock(pb.ListStockRequest(page=page), None),
    "ledger": lambda world, page: world.stock.ListLedger(pb.ListLedgerRequest(item_code="X", page=page), None),
    "expected": lambda world, page: world.stock.ListExpectedReceipts(pb.ListExpectedReceiptsRequest(page=page), None),
    "receipts": lambda world, page: world.goods.ListReceipts(pb.ListReceiptsRequest(page=page), None),
    "receipts of an order": lambda world, page: world.goods.ListReceipts(
        pb.ListReceiptsRequest(page=page, order="SO1"), None
    ),
    "shipments": lambda world, page: world.goods.ListShipments(pb.ListShipmentsRequest(page=page), None),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "nonsense", ["!!!", "x" * 4000, "LTE", "OTk5OTk5OTk5", write("ledger", "9" * 30, "1"), write("ledger", "1", "NaN")]
)
async def test_no_list_begins_again_at_a_token_it_cannot_read(world: World, name: str, nonsense: str) -> None:
    with pytest.raises(BadPageToken):
        await LISTS[name](world, PageRequest(page_size=-5, page_token=nonsense))


async def test_stock_is_listed_by_item(world: World) -> None:
    await world.move("receipt", ("X", "1"), ("Y", "2"), ("Z", "3"))

    first = await world.stock.ListStock(pb.ListStockRequest(page=PageRequest(page_size=2)), None)
    rest = await world.stock.ListStock(pb.ListStockRequest(page=PageRequest(page_token=first.next_page_token)), None)

    assert [stock.item_code for stock in first.stock] == ["X", "Y"]
    assert [(stock.item_code, stock.item_name, stock.on_hand) for stock in rest.stock] == [("Z", "Z件", "3")]
    assert rest.next_page_token == ""


async def test_the_ledger_can_only_grow(world: World) -> None:
    await world.move("receipt", ("X", "1"))
    for statement in ("UPDATE stock_movement SET quantity = 9", "DELETE FROM stock_movement"):
        code, _, _ = await world.refused(world.rows(statement))
        assert code == "INTERNAL"  # the application's role may not
