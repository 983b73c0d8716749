"""A team leader bound to work centres acts on the jobs and operations there and on no other (security, row 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from orderhub.planning.v1 import production_pb2 as p

from chassis.principal import Principal, current
from planning_service.domain.errors import NotYourWorkCenter
from planning_service.entrypoints.error_map import ERRORS
from tests.service.planning.conftest import World
from tests.service.planning.test_floor import dispatched, inspect, job


def as_leader(*roles: str) -> None:
    current.set(Principal("leader", "user", frozenset({"team_leader", *roles})))


@pytest.fixture(autouse=True)
def nobody_afterwards() -> object:
    yield
    current.set(None)


async def test_an_operation_counts_from_its_own_leader_only(world: World) -> None:
    number = await dispatched(world)
    as_leader("at:WC2")

    elsewhere = await world.scan(number, 1, operation_sequence=10)
    mine = await world.scan(number, 2, operation_sequence=20)
    replayed = await world.scan(number, 1, operation_sequence=10)

    assert (elsewhere.result, elsewhere.reason, dict(elsewhere.params)) == (
        "rejected", "NOT_YOUR_WORK_CENTER", {"work_center": "WC1"},
    )  # fmt: skip
    assert mine.result == "applied"
    assert (replayed.result, replayed.reason) == ("duplicate", "NOT_YOUR_WORK_CENTER")


async def test_scans_of_several_callers_are_each_judged_by_their_own_place(world: World) -> None:
    number = await dispatched(world, 4)
    as_leader("at:WC2")
    mine = world.scan(number, 1, operation_sequence=10, quantity="1")
    refused = await mine
    as_leader("at:WC1")
    counted = await world.scan(number, 2, operation_sequence=10, quantity="1")

    assert (refused.result, counted.result) == ("rejected", "applied")


async def move(world: World, number: str, name: str) -> None:
    request = p.MoveProductionOrderRequest(context=world.context(), production_order=number, move=name, reason="x")
    await world.planning.MoveProductionOrder(request, None)


async def dispatch(world: World, number: str) -> None:
    request = p.DispatchProductionOrderRequest(context=world.context(), production_order=number, team="一班")
    await world.planning.DispatchProductionOrder(request, None)


async def acknowledge(world: World, number: str) -> None:
    request = p.AcknowledgeChangesRequest(context=world.context(), production_order=number)
    await world.planning.AcknowledgeChanges(request, None)


async def judge(world: World, number: str) -> None:
    await inspect(world, number, passed="1")


@pytest.mark.parametrize(
    "act", [dispatch, acknowledge, judge, lambda w, n: move(w, n, "hold"), lambda w, n: move(w, n, "resume")]
)
async def test_a_job_of_another_work_center_is_left_alone(
    world: World, act: Callable[[World, str], Awaitable[None]]
) -> None:
    number = await job(world, 2)
    before = await world.production_order(number)
    as_leader("at:WC9")

    with pytest.raises(NotYourWorkCenter) as refused:
        await act(world, number)

    assert refused.value.params == {"number": number, "work_centers": "WC1,WC2"}
    assert ERRORS[NotYourWorkCenter].name == "PERMISSION_DENIED"
    assert await world.production_order(number) == before


@pytest.mark.parametrize("roles", [(), ("at:WC1",), ("at:WC9", "planner")], ids=["unbound", "own", "planner too"])
async def test_others_act_as_before(world: World, roles: tuple[str, ...]) -> None:
    number = await job(world, 2)
    as_leader(*roles)

    await dispatch(world, number)
    await move(world, number, "hold")
    await move(world, number, "resume")

    assert (await world.scan(number, 1, operation_sequence=10)).result == "applied"


@pytest.mark.parametrize("quantity", ["1E+999999999", "-1E+999999999", "1E-999999999", "1e400", "0E+999999999"])
async def test_a_number_without_end_gets_a_verdict_and_blocks_no_other_scan(world: World, quantity: str) -> None:
    number = await dispatched(world)
    at = "2026-11-22T10:00:00+08:00"
    scans = [
        p.Scan(scan_id="huge", device_id="d", code=number, occurred_at=at, quantity=quantity, scrap=quantity),
        p.Scan(scan_id="good", device_id="d", code=number, occurred_at=at, quantity="1"),
    ]

    huge, good = (await world.planning.RecordScans(p.RecordScansRequest(scans=scans), None)).verdicts

    assert (huge.result, good.result) == ("rejected", "applied")
