"""Dispatch, scans, inspection and receipt over a real database."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import pytest
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.planning.v1 import production_pb2 as p

from chassis import principal
from chassis.principal import Principal
from planning_service.domain.errors import IllegalMove, Invalid, NotFound, Stale
from tests.service.planning.conftest import World


async def job(world: World, quantity: int = 2) -> str:
    await world.motor_factory()
    world.stock.set(WIRE=1000)
    world.orders.add("SO1", ("A", quantity))
    return (await world.plan("SO1")).production_orders[0].number


async def dispatched(world: World, quantity: int = 2) -> str:
    number = await job(world, quantity)
    request = p.DispatchProductionOrderRequest(context=world.context(), production_order=number, team="一班")
    await world.planning.DispatchProductionOrder(request, None)
    return number


async def inspect(world: World, number: str, **judged: str) -> p.ProductionOrder:
    request = p.InspectProductionOrderRequest(context=world.context(), production_order=number, **judged)
    return (await world.planning.InspectProductionOrder(request, None)).production_order


async def test_from_dispatch_to_completed(world: World) -> None:
    number = await dispatched(world)
    subject = f"production-orders/{number}"
    world.clock.advance(timedelta(hours=2))
    started = await world.scan(number, 1, action="start")
    await world.scan(number, 2)
    last = await world.scan(number, 3)
    inspected = await inspect(world, number, passed="2")
    issued = inventory.ComponentsIssued(order_number="SO1", production_order_number=number, settled=True)
    await world.hear("inventory", subject, issued)
    received = inventory.GoodsReceived(order_number="SO1", production_order_number=number, received_total="2")
    await world.hear("inventory", "receipts/GR1", received)

    assert (started.production_order.state, started.operation.state) == ("in_progress", "started")
    assert (last.production_order.state, last.operation.sequence) == ("awaiting_inspection", 20)
    assert (inspected.state, inspected.passed_quantity) == ("awaiting_inspection", "2")
    assert (await world.production_order(number)).state == "completed"
    kinds = [e.type.rsplit(".", 1)[1] for e in await world.told() if e.subject == subject]
    assert kinds == [
        "ProductionOrderCreated",
        "ProductionOrderDispatched",
        "OperationStarted",
        "OperationFinished",
        "OperationStarted",
        "OperationFinished",
        "InspectionRequested",
        "InspectionRecorded",
        "ProductionOrderCompleted",
    ]
    first, second = await world.told("OperationFinished")
    assert (first.data["next_operation"], second.data["last"]) == ("工序2", True)


async def test_a_replay_is_a_duplicate_with_everything_as_first_given(world: World) -> None:
    number = await dispatched(world)
    first = await world.scan(number, 1, quantity="1")
    await world.scan(number, 2, quantity="1")
    replay = await world.scan(number, 1, quantity="1")

    assert replay.result == "duplicate"
    replay.result = "applied"
    assert replay == first
    assert (await world.production_order(number)).operations[0].good_quantity == "2"


async def test_one_id_with_another_content_is_a_conflict(world: World) -> None:
    number = await dispatched(world)
    await world.scan(number, 1, quantity="1")
    other = await world.scan(number, 1, quantity="2")

    assert (other.result, other.reason) == ("conflict", "SCAN_ID_REUSED")


async def test_the_same_scan_sent_at_once_counts_once(world: World) -> None:
    number = await dispatched(world, 50)
    verdicts = await asyncio.gather(*(world.scan(number, 1, quantity="1") for _ in range(10)))

    assert sorted(v.result for v in verdicts) == ["applied"] + ["duplicate"] * 9
    assert (await world.production_order(number)).operations[0].good_quantity == "1"


async def test_many_devices_on_one_job_lose_nothing(world: World) -> None:
    number = await dispatched(world, 20)
    scans = [world.scan(number, n, quantity="1", device_id=f"dev{n}", operation_sequence=10) for n in range(20)]
    results = [v.result for v in await asyncio.gather(*scans)]

    assert results == ["applied"] * 20
    assert (await world.production_order(number)).operations[0].state == "done"


async def test_a_batch_is_applied_by_device_time_and_answered_in_the_order_sent(world: World) -> None:
    number = await dispatched(world, 2)
    minutes = {"late": 30, "early": 10}
    scans = [
        p.Scan(scan_id=name, device_id="d", code=number, occurred_at=f"2026-11-22T10:{minute}:00+08:00")
        for name, minute in minutes.items()
    ]
    scans += [p.Scan(scan_id="x", device_id="d", code="NOPE", occurred_at="2026-11-22T10:00:00+08:00"), p.Scan()]

    answer = await world.planning.RecordScans(p.RecordScansRequest(scans=scans), None)

    told = [(v.scan_id, v.result, v.reason, v.operation.sequence) for v in answer.verdicts]
    assert told == [
        ("late", "applied", "", 20),
        ("early", "applied", "", 10),
        ("x", "rejected", "CODE_UNKNOWN", 0),
        ("", "rejected", "SCAN_UNREADABLE", 0),
    ]


@pytest.mark.parametrize(
    ("scan", "reason"),
    [
        ({"quantity": "3"}, "QUANTITY_OVER"),
        ({"quantity": "NaN"}, "SCAN_UNREADABLE"),
        ({"quantity": "0.5"}, "QUANTITY_NOT_WHOLE"),
        ({"quantity": "-1"}, "QUANTITY_INVALID"),
        ({"operation_sequence": 99}, "OPERATION_UNKNOWN"),
        ({"action": "dance"}, "SCAN_UNREADABLE"),
        ({"device_id": "a\x00b"}, "SCAN_UNREADABLE"),
    ],
)
async def test_impossible_scans_get_a_verdict_and_change_nothing(world: World, scan: dict, reason: str) -> None:
    number = await dispatched(world)

    verdict = await world.scan(number, 1, **scan)

    assert (verdict.result, verdict.reason) == ("rejected", reason)
    assert (await world.production_order(number)).state == "dispatched"


@pytest.mark.parametrize("at", ["", "yesterday", "2026-11-22T10:00:00", "99999-01-01T00:00:00Z"])
async def test_an_unreadable_instant_gets_a_verdict(world: World, at: str) -> None:
    answer = await world.planning.RecordScans(
        p.RecordScansRequest(scans=[p.Scan(scan_id="s", code="X", occurred_at=at)]), None
    )

    assert answer.verdicts[0].reason == "OCCURRED_AT_INVALID"


async def test_a_device_speaks_for_itself_only(world: World) -> None:
    number = await dispatched(world)
    principal.current.set(Principal("device:dev2", "device"))

    assert (await world.scan(number, 1)).reason == "DEVICE_MISMATCH"
    assert (await world.scan(number, 2, device_id="dev2")).result == "applied"


async def test_the_order_of_arrival_does_not_matter(world: World) -> None:
    await world.motor_factory()
    world.stock.set(WIRE=100000)
    reports = [(1, 10, "start", ""), (2, 10, "finish", "2"), (3, 20, "finish", "1"), (4, 20, "finish", "1")]
    ends = set()
    for n, arrival in enumerate(itertools.permutations(reports)):
        number = (await world.plan(world.orders.add(f"SO{n}", ("A", 2)))).production_orders[0].number
        for minute, sequence, action, quantity in arrival:
            await world.scan(
                number, minute, scan_id=f"{n}-{minute}", operation_sequence=sequence, action=action, quantity=quantity
            )
        found = await world.production_order(number)
        ends.add((found.state, found.operations[0].state, found.operations[1].good_quantity, str(found.finished_at)))

    assert len(ends) == 1


async def test_moves_refuse_with_what_is_allowed(world: World) -> None:
    number = await dispatched(world)

    with pytest.raises(IllegalMove) as refusal:
        await inspect(world, number, passed="1")
    assert refusal.value.allowed == ("hold", "cancel")
    with pytest.raises(NotFound):
        await inspect(world, "PO-NOPE", passed="1")
    move = p.MoveProductionOrderRequest(context=world.context(), production_order=number, move="fly")
    with pytest.raises(Invalid):
        await world.planning.MoveProductionOrder(move, None)
    stale = p.MoveProductionOrderRequest(
        context=world.context(), production_order=number, move="hold", expected_version=1
    )
    with pytest.raises(Stale):
        await world.planning.MoveProductionOrder(stale, None)


async def test_too_much_inspected_is_refused(world: World) -> None:
    number = await dispatched(world)
    for minute in (1, 2):
        await world.scan(number, minute)

    with pytest.raises(Invalid) as refusal:
        await inspect(world, number, passed="3")

    assert refusal.value.fields[0].reason == "INSPECTION_EXCEEDS_MADE"


async def test_hold_and_resume(world: World) -> None:
    number = await dispatched(world)

    async def move(name: str) -> str:
        request = p.MoveProductionOrderRequest(context=world.context(), production_order=number, move=name)
        return (await world.planning.MoveProductionOrder(request, None)).production_order.state

    assert await move("hold") == "on_hold"
    assert (await world.scan(number, 30)).reason == "JOB_ON_HOLD"
    assert await move("resume") == "dispatched"
    assert await move("cancel") == "cancelled"
    assert (await world.scan(number, 31)).reason == "JOB_CANCELLED"


async def test_receipts_out_of_order_end_at_the_total(world: World) -> None:
    number = await dispatched(world)
    for minute in (1, 2):
        await world.scan(number, minute)
    await inspect(world, number, passed="2")
    for n, total in enumerate(("2", "1")):
        message = inventory.GoodsReceived(order_number="SO1", production_order_number=number, received_total=total)
        await world.hear("inventory", f"receipts/GR{n}", message)

    found = await world.production_order(number)
    assert (found.state, found.received_quantity) == ("received", "2")


async def test_a_code_tells_what_may_be_done(world: World) -> None:
    number = await dispatched(world)
    for minute in (1, 2):
        await world.scan(number, minute)
    before = await world.planning.GetScanTarget(p.GetScanTargetRequest(code=number), None)
    await inspect(world, number, passed="2")
    after = await world.planning.GetScanTarget(p.GetScanTargetRequest(code=number), None)

    assert list(before.actions) == ["inspect"]
    assert (list(after.actions), after.planned, after.passed, after.remaining) == (["receive"], "2", "2", "2")
    with pytest.raises(NotFound):
        await world.planning.GetScanTarget(p.GetScanTargetRequest(code="6901234567892"), None)


async def test_scans_are_listed_with_who_when_and_what_was_counted(world: World) -> None:
    number = await dispatched(world, 5)
    await world.scan(number, 1, action="start")
    await world.scan(number, 2, quantity="2", scrap="1")
    await world.scan(number, 3)
    await world.scan(number, 4, operation_sequence=10, quantity="99")
    found, token = [], ""
    while True:
        request = p.ListScansRequest(production_order=number)
        request.page.page_size, request.page.page_token = 3, token
        page = await world.planning.ListScans(request, None)
        found += [(s.scan_id, s.action, s.operation_sequence, s.quantity, s.scrap, s.result) for s in page.scans]
        token = page.next_page_token
        if not token:
            break

    assert sorted(found) == [
        ("scan-1", "start", 10, "0", "0", "applied"),
        ("scan-2", "finish", 10, "2", "1", "applied"),
        ("scan-3", "finish", 10, "2", "0", "applied"),
        ("scan-4", "finish", 0, "99", "", "rejected"),  # what was said is kept, though it does not count
    ]
    assert {s.actor for s in page.scans} == {"planner"}
