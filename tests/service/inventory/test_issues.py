"""Issues against the pick list: what it asks for, a tolerance more, and beyond that only with a supervisor's reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from orderhub.planning.v1 import production_pb2

from chassis.principal import Principal, current
from tests.service.inventory.conftest import MakeWorld, World, made

NUMBERS = ("item", "needed", "issued", "asked", "remaining", "unit")


async def ready(world: World) -> None:
    """PO1 takes 30 W; there are 100 W, and 100 V nobody planned."""
    world.planning.put("V")
    await world.move("receipt", ("W", "100"), ("V", "100"))
    await world.confirmed("SO1", ("A", "10"))
    await world.planned("SO1", made("PO1", "A", "10", ("W", "30")))
    components = [production_pb2.Component(item_code="W", required="30", unit="件")]
    world.planning.orders["PO1"] = production_pb2.ProductionOrder(
        number="PO1", order_number="SO1", line_no=1, item_code="A", unit="件", quantity="10", components=components
    )


@contextmanager
def supervisor() -> Iterator[None]:
    token = current.set(Principal("wu.zhuguan", "user", frozenset({"planning_supervisor"})))
    try:
        yield
    finally:
        current.reset(token)


async def test_more_than_is_still_needed_is_refused_with_the_numbers(world: World) -> None:
    await ready(world)
    await world.issue("PO1", ("W", "25"))

    code, reason, params = await world.refused(world.issue("PO1", ("W", "6")))

    assert (code, reason) == ("FAILED_PRECONDITION", "OVER_ISSUE")
    assert tuple(params[name] for name in NUMBERS) == ("W", "30", "25", "6", "5", "件")
    assert await world.balance("W") == ("75", "5", "70")
    await world.issue("PO1", ("W", "5"))
    await world.check()


async def test_what_is_not_on_the_pick_list_is_refused_with_everything_else_that_is_wrong(world: World) -> None:
    await ready(world)

    code, reason, params = await world.refused(world.issue("PO1", ("V", "1"), ("W", "31")))

    assert (code, reason, params["item"]) == ("FAILED_PRECONDITION", "NOT_ON_PICK_LIST", "V")
    assert await world.balance("V") == ("100", "0", "100")
    assert await world.balance("W") == ("100", "30", "70")


async def test_one_item_on_two_lines_is_judged_by_its_sum(world: World) -> None:
    await ready(world)

    assert (await world.refused(world.issue("PO1", ("W", "20"), ("W", "11"))))[1] == "OVER_ISSUE"
    await world.issue("PO1", ("W", "20"), ("W", "10"))


async def test_what_planning_added_and_nobody_told_here_yet_is_on_the_list(world: World) -> None:
    await ready(world)
    world.planning.orders["PO1"].components.add(item_code="V", required="2", unit="件")

    await world.issue("PO1", ("V", "2"))

    assert (await world.refused(world.issue("PO1", ("V", "1"))))[1] == "OVER_ISSUE"
    await world.check()


async def test_the_tolerance_counts_on_the_plan_and_only_once(make_world: MakeWorld) -> None:
    world = await make_world(receipt_tolerance="0.1")
    await ready(world)

    await world.issue("PO1", ("W", "33"))

    assert (await world.refused(world.issue("PO1", ("W", "1"))))[1] == "OVER_ISSUE"
    assert await world.balance("W") == ("67", "0", "67")
    await world.check()


async def test_a_supervisor_issues_more_and_says_why(world: World) -> None:
    await ready(world)

    refused = await world.refused(world.issue("PO1", ("V", "2"), override_reason="代用"))
    assert refused[:2] == ("PERMISSION_DENIED", "OVERRIDE_NOT_ALLOWED")
    with supervisor():
        await world.issue("PO1", ("V", "2"), ("W", "32"), override_reason="代用")

    rows = await world.rows("SELECT item_code, reason, actor FROM stock_movement WHERE kind = 'issue' ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [("V", "代用", "wu.zhuguan"), ("W", "代用", "wu.zhuguan")]
    assert await world.balance("W") == ("68", "0", "68")
    await world.issue("PO1", ("V", "-2"))
    await world.check()


async def test_what_was_let_through_above_the_plan_and_came_back_needs_a_reason_again(world: World) -> None:
    await ready(world)
    with supervisor():
        await world.issue("PO1", ("V", "2"), ("W", "40"), override_reason="代用")

    await world.issue("PO1", ("V", "-2"), ("W", "-15"))

    assert await world.balance("W") == ("75", "5", "70")  # held up to the plan, not up to what was let through
    assert await world.balance("V") == ("100", "0", "100")
    for item, quantity, reason in (("W", "6", "OVER_ISSUE"), ("V", "1", "NOT_ON_PICK_LIST")):
        assert (await world.refused(world.issue("PO1", (item, quantity))))[1] == reason
    await world.issue("PO1", ("W", "5"))
    await world.check()


async def test_goods_come_back_while_planning_is_away(world: World) -> None:
    await ready(world)
    await world.issue("PO1", ("W", "30"))
    world.planning.away = True

    await world.issue("PO1", ("W", "-10"))

    assert await world.balance("W") == ("80", "10", "70")
    await world.issue("PO1", ("W", "10"))
    await world.check()


async def test_an_issue_and_its_refusal_repeat_harmlessly(world: World) -> None:
    await ready(world)

    first = await world.issue("PO1", ("W", "30"), scan_id="s1")
    again = await asyncio.gather(*(world.issue("PO1", ("W", "30"), scan_id="s1") for _ in range(4)))

    assert again == [first] * 4
    for _ in range(2):
        assert (await world.refused(world.issue("PO1", ("W", "1"), scan_id="s2")))[1] == "OVER_ISSUE"
    assert await world.balance("W") == ("70", "0", "70")


async def test_two_keepers_never_both_take_the_rest(world: World) -> None:
    await ready(world)
    await world.issue("PO1", ("W", "20"))

    results = await asyncio.gather(*(world.issue("PO1", ("W", "10")) for _ in range(6)), return_exceptions=True)

    refused = [r for r in results if isinstance(r, BaseException)]
    assert (len(refused), {getattr(r, "reason", r) for r in refused}) == (5, {"OVER_ISSUE"})
    assert await world.balance("W") == ("70", "0", "70")
    await world.check()
