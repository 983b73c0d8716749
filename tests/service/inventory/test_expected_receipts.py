"""What suppliers have promised: announced, moved, counted in, called off; and what it leaves for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from orderhub.common.v1.common_pb2 import CommandContext, PageRequest
from orderhub.inventory.v1 import inventory_pb2 as pb

from chassis.ids import uuid7
from inventory_service.domain.errors import Invalid
from tests.service.inventory.conftest import World, made
from tests.service.inventory.worlds import NOON

TODAY = (NOON + timedelta(hours=8)).date()


def context(key: str = "") -> CommandContext:
    return CommandContext(idempotency_key=key or str(uuid7()), route="POST /expected-receipts", fingerprint="f")


async def add(world: World, item: str, quantity: str, days: int, *, key: str = "", **more: str) -> pb.ExpectedReceipt:
    due = (TODAY + timedelta(days=days)).isoformat()
    request = pb.AddExpectedReceiptRequest(
        context=context(key), item_code=item, quantity=quantity, due_date=due, **more
    )
    return (await world.stock.AddExpectedReceipt(request, None)).expected_receipt


async def change(world: World, name: str, version: int = 0, **more: Any) -> pb.ExpectedReceipt:
    request = pb.ChangeExpectedReceiptRequest(expected_receipt=name, expected_version=version, **more)
    return (await world.stock.ChangeExpectedReceipt(request, None)).expected_receipt


async def listed(world: World, *items: str, state: str = "") -> list[pb.ExpectedReceipt]:
    request = pb.ListExpectedReceiptsRequest(item_codes=items, state=state)
    return list((await world.stock.ListExpectedReceipts(request, None)).expected_receipts)


async def receive(world: World, item: str, quantity: str, expected: str, kind: str = "receipt") -> Any:
    line = pb.StockLine(item_code=item, quantity=quantity, expected_receipt=expected)
    request = pb.PostMovementRequest(context=context(), kind=kind, lines=[line], reason="delivered")
    return await world.stock.PostMovement(request, None)


async def test_a_delivery_in_a_unit_nobody_can_convert_names_the_field(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        await add(world, "W", "2", 3, unit="furlong")

    assert [(problem.field, problem.reason) for problem in refusal.value.fields] == [("unit", "UNIT_UNKNOWN")]


async def test_every_answer_says_how_much_of_a_delivery_nobody_waits_for(world: World) -> None:
    await world.planned("SO1", made("PO1", "A", "1", ("W", "30")))

    added = await add(world, "W", "100", 3, key="once")
    changed = await change(world, added.number, quantity="80")
    again = await add(world, "W", "100", 3, key="once")

    assert [one.unclaimed_quantity for one in (added, changed, again)] == ["70", "50", "70"]
    assert [one.unclaimed_quantity for one in await listed(world, "W")] == ["50"]


async def test_a_delivery_is_announced_comes_in_two_parts_and_is_told(world: World) -> None:
    one = await add(world, "W", "2", 3, unit="卷", supplier="铜业公司", reference="PO-77")
    assert (one.quantity, one.open_quantity, one.unit, one.state, one.late) == ("200", "200", "m", "expected", False)
    assert (await world.stock.GetStock(pb.GetStockRequest(item_code="W"), None)).stock.expected == "200"

    await receive(world, "W", "50", one.number)
    part = (await listed(world, "W"))[0]
    assert (part.received_quantity, part.open_quantity, part.state, part.version) == ("50", "150", "part_received", 2)
    await receive(world, "W", "160", one.id)  # a little more than promised
    done = (await listed(world, "W"))[0]
    assert (done.received_quantity, done.open_quantity, done.state) == ("210", "0", "received")
    assert await listed(world, "W", state="open") == []
    assert await world.balance("W") == ("210", "0", "210")
    told = await world.told(f"expected-receipts/{one.number}")
    assert [(e.data["state"], e.data["open_quantity"]) for e in told] == [
        ("expected", "200"), ("part_received", "150"), ("received", "0"),
    ]  # fmt: skip
    await world.check()


async def test_a_repeated_key_announces_once(world: World) -> None:
    first, again = [await add(world, "X", "5", 1, key="k") for _ in range(2)]

    assert first == again
    assert len(await listed(world)) == 1


async def test_what_is_late_is_flagged_and_a_delivery_moves(world: World) -> None:
    late = await add(world, "X", "5", -1)
    soon = await add(world, "Y", "5", 0)
    assert (late.late, soon.late) == (True, False)
    assert [one.number for one in await listed(world, state="late")] == [late.number]

    moved = await change(
        world, late.number, late.version, due_date=(TODAY + timedelta(days=9)).isoformat(), quantity="7"
    )
    assert (moved.late, moved.quantity, moved.version) == (False, "7", 2)
    assert [one.number for one in await listed(world)] == [soon.number, late.number]  # earliest due first
    code, reason, _ = await world.refused(change(world, late.number, late.version, quantity="8"))
    assert (code, reason) == ("ABORTED", "VERSION_STALE")
    gone = await change(world, late.number, cancelled=True)
    assert (gone.state, gone.open_quantity) == ("cancelled", "0")


async def test_who_waits_now_comes_before_who_asks_next(world: World) -> None:
    await add(world, "X", "4", 2)
    await add(world, "X", "10", 5)
    await world.planned("SO1", made("PO1", "A", "1", ("X", "6")))

    unclaimed = [(one.open_quantity, one.unclaimed_quantity) for one in await listed(world, "X", state="open")]

    assert unclaimed == [("4", "0"), ("10", "8")]  # 6 of 14 are waited for
    stock = (await world.stock.GetStock(pb.GetStockRequest(item_code="X"), None)).stock
    assert (stock.waiting, stock.expected) == ("6", "14")
    short = await world.stock.ListStock(pb.ListStockRequest(view="short"), None)
    assert [row.item_code for row in short.stock] == ["X"]


@pytest.mark.parametrize(
    ("item", "quantity", "due", "fields"),
    [
        ("NONE", "1", "2026-12-01", {"item_code": "ITEM_UNKNOWN"}),
        ("X", "0", "2026-12-01", {"quantity": "QUANTITY_NOT_POSITIVE"}),
        ("X", "1.5", "", {"quantity": "QUANTITY_NOT_WHOLE", "due_date": "REQUIRED"}),
        ("X", "NaN", "31.12.2026", {"quantity": "QUANTITY_INVALID", "due_date": "DATE_INVALID"}),
        ("X", "1e400", "9999-01-01", {"quantity": "QUANTITY_TOO_LARGE", "due_date": "DATE_INVALID"}),
    ],
)
async def test_nonsense_is_refused_all_at_once(
    world: World, item: str, quantity: str, due: str, fields: dict[str, str]
) -> None:
    request = pb.AddExpectedReceiptRequest(context=context(), item_code=item, quantity=quantity, due_date=due)

    code, _, params = await world.refused(world.stock.AddExpectedReceipt(request, None))

    assert (code, params["fields"]) == ("INVALID_ARGUMENT", fields)


async def test_a_receipt_against_the_wrong_delivery_moves_nothing(world: World) -> None:
    one = await add(world, "X", "5", 1)
    gone = await add(world, "X", "5", 1)
    await change(world, gone.number, cancelled=True)

    for item, name, reason in (
        ("Y", one.number, "EXPECTED_RECEIPT_OTHER_ITEM"),
        ("X", gone.number, "EXPECTED_RECEIPT_CANCELLED"),
        ("X", "ER0", "EXPECTED_RECEIPT_UNKNOWN"),
    ):
        code, found, _ = await world.refused(receive(world, item, "1", name))
        assert (code, found) == ("FAILED_PRECONDITION", reason)
    _, _, params = await world.refused(receive(world, "X", "1", one.number, kind="count"))
    assert params["fields"] == {"lines[0].expected_receipt": "FIELD_NOT_ALLOWED"}
    assert await world.balance("X") == ("0", "0", "0")
    code, reason, _ = await world.refused(change(world, "ER0", quantity="1"))
    assert (code, reason) == ("NOT_FOUND", "EXPECTED_RECEIPT_UNKNOWN")
    await receive(world, "X", "3", one.number)
    _, _, params = await world.refused(change(world, one.number, quantity="2"))
    assert params["fields"] == {"quantity": "BELOW_RECEIVED"}


async def deliver(world: World, *lines: tuple[str, str, str]) -> Any:
    asked = [pb.StockLine(item_code=item, quantity=quantity, expected_receipt=name) for item, quantity, name in lines]
    request = pb.PostMovementRequest(context=context(), kind="receipt", lines=asked, reason="delivered")
    return await world.stock.PostMovement(request, None)


async def test_one_delivery_named_by_number_and_by_id_is_counted_once_and_whole(world: World) -> None:
    one = await add(world, "X", "10", 1)

    await deliver(world, ("X", "3", one.number), ("X", "4", one.id), ("X", "1", one.number))

    (kept,) = await listed(world, "X")
    assert (kept.received_quantity, kept.open_quantity, kept.version) == ("8", "2", 2)
    assert [e.data["received_quantity"] for e in await world.told(f"expected-receipts/{one.number}")] == ["0", "8"]


async def test_each_line_that_names_a_delivery_of_something_else_is_refused(world: World) -> None:
    one = await add(world, "X", "10", 1)

    _, reason, params = await world.refused(
        deliver(world, ("Y", "1", one.number), ("X", "1", one.number), ("Z", "1", one.id))
    )

    assert reason == "EXPECTED_RECEIPT_OTHER_ITEM"
    assert params["fields"] == {f"lines[{place}].expected_receipt": "EXPECTED_RECEIPT_OTHER_ITEM" for place in (0, 2)}
    assert await world.balance("Y") == ("0", "0", "0")


async def test_pages_are_stable(world: World) -> None:
    made_numbers = [(await add(world, "X", "1", n % 2)).number for n in range(5)]
    seen, token = [], ""
    while True:
        page = PageRequest(page_size=2, page_token=token)
        answer = await world.stock.ListExpectedReceipts(pb.ListExpectedReceiptsRequest(page=page), None)
        seen += [one.number for one in answer.expected_receipts]
        token = answer.next_page_token
        if not token:
            break

    assert sorted(seen) == made_numbers
    assert len(seen) == 5


async def test_the_ledger_carries_its_balance_over_pages(world: World) -> None:
    for kind, quantity in (("receipt", "10"), ("issue", "3"), ("receipt", "5"), ("count", "11"), ("adjustment", "-1")):
        await world.move(kind, ("W", quantity))
    seen, token = [], ""
    while True:
        page = PageRequest(page_size=2, page_token=token)
        answer = await world.stock.ListLedger(pb.ListLedgerRequest(item_code="W", page=page), None)
        seen += [(e.quantity, e.balance) for e in answer.entries]
        token = answer.next_page_token
        if not token:
            break

    assert seen == [("-1", "10"), ("-1", "11"), ("5", "12"), ("-3", "7"), ("10", "10")]


async def test_stock_is_found_by_words_and_by_what_is_the_matter(world: World) -> None:
    await world.move("receipt", ("X", "5"), ("W", "1"))

    async def found(**filters: str) -> list[str]:
        return [row.item_code for row in (await world.stock.ListStock(pb.ListStockRequest(**filters), None)).stock]

    assert await found(q="铜") == ["W"]
    assert await found(q="x") == ["X"]
    assert await found(view="stocked") == ["W", "X"]
    assert await found(q="%") == []
    code, _, params = await world.refused(found(view="weird"))
    assert (code, params["fields"]) == ("INVALID_ARGUMENT", {"view": "VIEW_UNKNOWN"})
