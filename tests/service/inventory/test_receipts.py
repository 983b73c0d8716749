"""Receipts of made goods: never above what passed, components booked off, goods held for who wanted them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from orderhub.order.v1 import events_pb2 as order_events
from orderhub.planning.v1 import events_pb2 as planning_events
from orderhub.planning.v1 import production_pb2

from chassis.principal import Principal, current
from tests.service.inventory.conftest import MakeWorld, World, made


async def ready(world: World, passed: str = "10", *, stock: str = "30", **order: Any) -> None:
    """PO1 makes 10 A of 3 W each for SO1."""
    await world.move("receipt", ("W", stock))
    await world.confirmed("SO1", ("A", "10"), **order)
    await world.planned("SO1", made("PO1", "A", "10", ("W", "30")))
    await world.inspected("PO1", "SO1", "A", passed)


async def test_partial_receipts_consume_in_proportion_and_the_last_takes_the_rest(world: World) -> None:
    await ready(world)

    await world.receive("PO1", "4")
    assert (await world.holdings(production_order="PO1"))[("PO1", "W")] == ("30", "18", "12", "0")
    assert (await world.last("production-orders/PO1"))["settled"] is False
    await world.receive("PO1", "6")

    assert (await world.holdings(production_order="PO1"))[("PO1", "W")] == ("30", "0", "30", "0")
    assert (await world.last("production-orders/PO1"))["settled"] is True
    assert await world.balance("W") == ("0", "0", "0")
    await world.check()


async def test_no_more_than_passed_is_received_and_the_numbers_are_told(world: World) -> None:
    await ready(world, passed="6")
    await world.receive("PO1", "4")

    code, reason, params = await world.refused(world.receive("PO1", "3"))

    assert (code, reason) == ("FAILED_PRECONDITION", "OVER_RECEIPT")
    assert params == {
        "production_order": "PO1", "item": "A", "wanted": "3", "passed": "6", "received": "4", "remaining": "2", "unit": "件",
    }  # fmt: skip
    assert await world.balance("A") == ("4", "4", "0")


async def test_a_tolerance_allows_a_little_more(make_world: MakeWorld) -> None:
    world = await make_world(receipt_tolerance="0.1")
    await ready(world)

    await world.receive("PO1", "11")

    assert await world.balance("A") == ("11", "10", "1")  # the order wants ten; one is free
    assert (await world.refused(world.receive("PO1", "1")))[1] == "OVER_RECEIPT"


async def test_a_supervisor_receives_more_and_says_why(world: World) -> None:
    await ready(world, passed="6")

    refused = await world.refused(world.receive("PO1", "8", override_reason="多做了两台"))
    assert refused[:2] == ("PERMISSION_DENIED", "OVERRIDE_NOT_ALLOWED")
    token = current.set(Principal("wu.zhuguan", "user", frozenset({"planning_supervisor"})))
    await world.receive("PO1", "8", override_reason="多做了两台")
    current.reset(token)

    entry = (await world.rows("SELECT reason, actor FROM stock_movement WHERE item_code = 'A'"))[0]
    assert tuple(entry.values()) == ("多做了两台", "wu.zhuguan")
    assert await world.balance("A") == ("8", "8", "0")
    await world.check()


async def test_two_handhelds_never_receive_more_than_passed(world: World) -> None:
    await ready(world)

    results = await asyncio.gather(*(world.receive("PO1", "4") for _ in range(8)), return_exceptions=True)

    accepted = [r for r in results if not isinstance(r, BaseException)]
    assert len(accepted) == 2
    assert {getattr(r, "reason", r) for r in results if isinstance(r, BaseException)} == {"OVER_RECEIPT"}
    assert await world.balance("A") == ("8", "8", "0")
    await world.check()


async def test_a_scan_seen_before_gets_its_first_answer(world: World) -> None:
    await ready(world)

    first = await world.receive("PO1", "4", scan_id="scan-1")
    again = await world.receive("PO1", "4", scan_id="scan-1")
    at_once = await asyncio.gather(*(world.receive("PO1", "1", scan_id="scan-2") for _ in range(5)))

    assert again == first
    assert len({receipt.number for receipt in at_once}) == 1
    assert await world.balance("A") == ("5", "5", "0")


async def test_a_refused_scan_may_come_again(world: World) -> None:
    await ready(world, passed="2")
    await world.refused(world.receive("PO1", "4", scan_id="scan-1"))
    await world.inspected("PO1", "SO1", "A", "6")

    assert (await world.receive("PO1", "4", scan_id="scan-1")).quantity == "4"


async def test_what_planning_answered_already_counts_before_its_event_arrives(world: World) -> None:
    """Contract 2: an answered command is visible; the copy would refuse, so planning is asked."""
    await ready(world, passed="2")
    world.planning.orders["PO1"] = production_pb2.ProductionOrder(
        id="po-id", number="PO1", scan_code="PO1", state="awaiting_inspection", order_number="SO1", line_no=1, item_code="A",
        unit="件", quantity="10", passed_quantity="10",
    )  # fmt: skip

    await world.receive("PO1", "9")
    await world.receive("po-id", "1")
    await world.inspected("PO1", "SO1", "A", "2")  # late news of the first inspection changes nothing

    assert world.planning.asked.count("PO1") == 1
    assert (await world.rows("SELECT passed, received FROM receivable"))[0]["passed"] == 10


async def test_an_unknown_production_order_is_not_found(world: World) -> None:
    for name in ("PO-none", "", "x\x00y", "长" * 500, "'; DROP TABLE stock; --"):
        assert (await world.refused(world.receive(name, "1")))[:2] == ("NOT_FOUND", "PRODUCTION_ORDER_UNKNOWN")


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        ("0", "QUANTITY_NOT_POSITIVE"), ("-1", "QUANTITY_NOT_POSITIVE"), ("", "QUANTITY_INVALID"), ("NaN", "QUANTITY_INVALID"),
        ("Infinity", "QUANTITY_INVALID"), ("1e400", "QUANTITY_TOO_LARGE"), ("1e-400", "QUANTITY_TOO_FINE"),
        ("9999999999999999999", "QUANTITY_TOO_LARGE"), ("1.5", "QUANTITY_NOT_WHOLE"), ("一", "QUANTITY_INVALID"),
        ("1" * 1000, "QUANTITY_TOO_LARGE"),
    ],
)  # fmt: skip
async def test_quantities_that_are_none_are_refused(world: World, quantity: str, reason: str) -> None:
    await world.move("receipt", ("A", "1"))
    await ready(world)

    code, _, params = await world.refused(world.receive("PO1", quantity))

    assert (code, params["fields"]) == ("INVALID_ARGUMENT", {"quantity": reason})


async def test_scrapped_pieces_end_the_consumption(world: World) -> None:
    """Eight of ten passed, two are scrapped: the eighth received piece is the last one."""
    await ready(world, passed="8")
    await world.tell("planning", "production-orders/PO1", planning_events.InspectionRequested(
        production_order_number="PO1", order_number="SO1", line_no=1, item_code="A", quantity="10", unit="件",
    ))  # fmt: skip
    await world.receive("PO1", "8")
    assert (await world.last("production-orders/PO1"))["settled"] is False

    await world.inspected("PO1", "SO1", "A", "8", scrapped="2")

    assert (await world.last("production-orders/PO1"))["settled"] is True
    assert (await world.holdings(production_order="PO1"))[("PO1", "W")] == ("30", "0", "30", "0")
    await world.check()


async def test_consumption_never_goes_below_zero_and_is_caught_up(world: World) -> None:
    """Ten pieces were made of wire the books don't have: what is missing is consumed when it is found."""
    await ready(world, stock="20")

    await world.receive("PO1", "10")
    told = await world.last("production-orders/PO1")
    assert (told["settled"], told["lines"][0]["issued"], told["lines"][0]["short"]) == (False, "20", "10")
    assert await world.balance("W") == ("0", "0", "0")
    await world.move("count", ("W", "12"))

    issued = [e.data for e in await world.told("production-orders/PO1") if e.type.endswith("ComponentsIssued")][-1]
    assert (issued["settled"], issued["lines"][0]["issued"]) == (True, "30")
    assert await world.balance("W") == ("2", "0", "2")
    await world.check()


async def test_a_sub_assembly_goes_to_its_parent(world: World) -> None:
    await world.confirmed("SO1", ("A", "2"))
    await world.planned("SO1", made("PO1", "A", "2", ("B", "4")), made("PO2", "B", "4", parent_number="PO1"))
    await world.inspected("PO2", "SO1", "B", "4")

    await world.receive("PO2", "4")

    assert (await world.holdings(production_order="PO1"))[("PO1", "B")] == ("4", "4", "0", "0")
    assert await world.names("production-orders/PO1") == ["ComponentsShort", "ComponentsReserved"]
    received = [e.data for e in await world.told() if e.type.endswith("GoodsReceived")]
    assert [told["finished_good"] for told in received] == [False]
    said, first = await world.last("production-orders/PO1"), (await world.told("production-orders/PO1"))[0].data
    assert received[0]["holdings"] == [{"production_order_number": "PO1", "line": said["lines"][0]}]
    assert [line["revision"] for line in (first["lines"][0], said["lines"][0])] == [1, 2]


async def test_every_change_of_a_line_raises_its_revision(world: World) -> None:
    """Receipt, count, consumption, release: whoever hears of a line in the wrong order can tell which word is newer."""
    await world.confirmed("SO1", ("A", "2"))
    await world.planned("SO1", made("PO1", "A", "2", ("B", "4")))
    for kind, quantity in (("receipt", "1"), ("receipt", "5"), ("count", "2"), ("count", "9")):
        await world.move(kind, ("B", quantity))
    await world.inspected("PO1", "SO1", "A", "2")
    await world.receive("PO1", "1")
    await world.receive("PO1", "1")

    told = [event.data["lines"][0] for event in await world.told("production-orders/PO1")]
    said = [(line["revision"], line["reserved"], line["issued"], line["short"]) for line in told]
    assert len(said) >= 7
    assert said == sorted(said)
    assert len({revision for revision, *_ in said}) == len(set(said))


async def test_ship_on_receipt_takes_the_goods_out_again(world: World) -> None:
    await ready(world, ship_on_receipt=True)

    await world.receive("PO1", "10")

    assert await world.balance("A") == ("0", "0", "0")
    received = [e.data for e in await world.told() if e.type.endswith("GoodsReceived")]
    assert received[0]["shipped"] is True
    assert not [e for e in await world.told() if e.type.endswith("GoodsShipped")]
    assert (await world.refused(world.ship(("SO1", 1, "1"))))[1] == "OVER_SHIPMENT"
    await world.check()


async def test_goods_of_a_cancelled_order_are_free(world: World) -> None:
    await ready(world)
    await world.tell(
        "order", "orders/SO1", order_events.OrderCancelled(order_number="SO1", state="cancelled", reason="客户取消")
    )

    await world.receive("PO1", "3")

    assert await world.balance("A") == ("3", "0", "3")
    await world.check()


async def test_a_cancelled_production_order_receives_nothing(world: World) -> None:
    await ready(world)
    await world.tell("planning", "production-orders/PO1", planning_events.ProductionOrderCancelled(
        production_order_number="PO1", order_number="SO1", line_no=1, state="cancelled", reason="停产",
    ))  # fmt: skip

    assert (await world.refused(world.receive("PO1", "1")))[:2] == ("FAILED_PRECONDITION", "PRODUCTION_ORDER_CANCELLED")
    assert await world.balance("W") == ("30", "0", "30")


async def test_pick_mode_leaves_consumption_to_issues(make_world: MakeWorld) -> None:
    world = await make_world(consumption="pick")
    await ready(world)

    await world.issue("PO1", ("W", "25"))
    await world.issue("PO1", ("W", "-5"))
    assert (await world.holdings(production_order="PO1"))[("PO1", "W")] == ("30", "10", "20", "0")
    await world.receive("PO1", "10")

    assert await world.balance("W") == ("10", "0", "10")
    assert (await world.last("production-orders/PO1"))["settled"] is True
    await world.check()


async def test_issues_take_no_more_than_there_is_and_bring_back_no_more_than_went(world: World) -> None:
    await ready(world)

    await world.planned("SO1", made("PO1", "A", "10", ("W", "40")))
    code, reason, params = await world.refused(world.issue("PO1", ("W", "31")))
    assert (code, reason) == ("FAILED_PRECONDITION", "INSUFFICIENT_STOCK")
    assert {k: params[k] for k in ("item", "available", "wanted")} == {"item": "W", "available": "30", "wanted": "31"}
    assert (await world.refused(world.issue("PO1", ("W", "-1"))))[1] == "OVER_BRING_BACK"
    assert (await world.refused(world.issue("PO1", ("none", "1"))))[2]["fields"] == {
        "lines[0].item_code": "ITEM_UNKNOWN"
    }
    first = await world.issue("PO1", ("W", "30"), scan_id="s1")
    assert await world.issue("PO1", ("W", "30"), scan_id="s1") == first
    await world.check()
