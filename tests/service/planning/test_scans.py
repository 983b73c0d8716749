"""Scans judged together: policies changed at run time, bounces, single pieces, rework, and everything a scanner may send."""

from __future__ import annotations

import asyncio

import pytest
from orderhub.planning.v1 import production_pb2 as p

from chassis import notes
from chassis.database import Transaction
from planning_service.domain.errors import Invalid, NotFound
from tests.service.planning.conftest import World
from tests.service.planning.test_floor import dispatched, inspect
from tests.service.planning.test_floor_changes import put_settings


async def operations(world: World, number: str) -> list[tuple[str, str]]:
    found = (await world.production_order(number)).operations
    return [(operation.good_quantity, operation.state) for operation in found]


@pytest.mark.parametrize(
    ("policy", "first", "second"),
    [
        ("record", "", ["applied", "applied", "applied"]),
        ("previous", "OPERATION_NOT_READY", ["applied", "applied", "rejected"]),
        ("strict", "OPERATION_NOT_READY", ["applied", "rejected", "rejected"]),
    ],
)
async def test_a_policy_holds_from_the_moment_it_is_set(
    world: World, policy: str, first: str, second: list[str]
) -> None:
    number = await dispatched(world, 10)
    await put_settings(world, scan_policy=policy)

    early = await world.scan(number, 1, operation_sequence=20, quantity="1")
    part = await world.scan(number, 2, operation_sequence=10, quantity="5")
    overlapping = await world.scan(number, 3, operation_sequence=20, quantity="4")
    beyond = await world.scan(number, 4, operation_sequence=20, quantity="2")

    assert early.reason == first
    assert [one.result for one in (part, overlapping, beyond)] == second


async def test_strict_opens_the_next_operation_when_the_one_before_is_done(world: World) -> None:
    number = await dispatched(world, 10)
    await put_settings(world, scan_policy="strict")
    results = [
        (await world.scan(number, n, operation_sequence=s, quantity=q)).result
        for n, (s, q) in enumerate([(10, "9"), (20, "1"), (10, "1"), (20, "10")])
    ]

    assert results == ["applied", "rejected", "applied", "applied"]


async def test_a_trigger_pulled_twice_counts_once_while_the_window_is_open(world: World) -> None:
    number = await dispatched(world, 10)
    await put_settings(world, scan_policy="record", bounce_seconds=2)

    async def scan(scan_id: str, second: int, device: str = "dev1") -> str:
        scan = p.Scan(
            scan_id=scan_id,
            code=number,
            device_id=device,
            occurred_at=f"2026-11-22T10:00:{second:02d}+08:00",
            quantity="1",
        )
        verdict = (await world.planning.RecordScans(p.RecordScansRequest(scans=[scan]), None)).verdicts[0]
        return verdict.reason or verdict.result

    assert await scan("a", 10) == "applied"
    assert await scan("b", 12) == "BOUNCE"
    assert await scan("b", 12) == "BOUNCE"  # its own replay says the same
    assert await scan("c", 12, "dev2") == "applied"
    assert await scan("d", 13) == "applied"
    assert (await operations(world, number))[0][0] == "3"


async def test_two_real_pieces_are_told_from_a_bounce_by_their_serials(world: World) -> None:
    number = await dispatched(world, 3)
    await put_settings(world, scan_policy="record", bounce_seconds=60)

    said = [await world.scan(f"{number}-U{unit}.10", n) for n, unit in enumerate((1, 2, 1))]
    by_field = await world.scan(number, 9, operation_sequence=10, serial="2")
    many = await world.scan(f"{number}-U3", 10, quantity="2")

    assert [(one.result, one.reason) for one in said] == [
        ("applied", ""),
        ("applied", ""),
        ("rejected", "PIECE_ALREADY_COUNTED"),
    ]
    assert by_field.reason == "PIECE_ALREADY_COUNTED"
    assert many.reason == "SERIAL_MEANS_ONE"
    assert await operations(world, number) == [("2", "started"), ("0", "waiting")]


async def test_rework_goes_back_to_the_operation_the_inspector_names(world: World) -> None:
    number = await dispatched(world, 3)
    for n, (unit, sequence) in enumerate((u, s) for u in (1, 2, 3) for s in (10, 20)):
        await world.scan(f"{number}-U{unit}.{sequence}", n)

    judged = await inspect(world, number, passed="2", rework="1", rework_operation=10, reason="绕线松")
    again = [await world.scan(f"{number}-U2.{sequence}", 20 + sequence) for sequence in (10, 20)]
    third = await world.scan(f"{number}-U2.10", 50)

    assert (judged.state, [o.state for o in judged.operations]) == ("rework", ["started", "started"])
    assert [o.rework_quantity for o in judged.operations] == ["1", "0"]
    assert [one.result for one in again] == ["applied", "applied"]
    assert third.result == "rejected"
    assert again[1].production_order.state == "awaiting_inspection"
    pieces = (await world.planning.ListPieces(p.ListPiecesRequest(production_order=number), None)).pieces
    loops = {(one.serial, one.operation_sequence): one.rework_loops for one in pieces}
    assert loops == {("1", 10): 0, ("1", 20): 0, ("2", 10): 1, ("2", 20): 1, ("3", 10): 0, ("3", 20): 0}
    (told,) = await world.told("InspectionRecorded")
    assert told.data["rework_operation"] == 10
    assert (await inspect(world, number, passed="1")).passed_quantity == "3"


async def test_rework_to_an_operation_that_is_not_there_is_refused(world: World) -> None:
    number = await dispatched(world, 1)
    for minute in (1, 2):
        await world.scan(number, minute)

    with pytest.raises(Invalid) as refusal:
        await inspect(world, number, passed="0", rework="1", rework_operation=15)

    assert refusal.value.fields[0].field == "rework_operation"


async def test_what_comes_through_overlaps_and_rework_is_let_through_where_it_was_sent(world: World) -> None:
    number = await dispatched(world, 4)
    await put_settings(world, scan_policy="previous")
    for n, (sequence, quantity) in enumerate([(10, "2"), (20, "2"), (10, "2"), (20, "2")]):
        assert (await world.scan(number, n, operation_sequence=sequence, quantity=quantity)).result == "applied"
    await inspect(world, number, passed="3", rework="1", rework_operation=10)

    skipped = await world.scan(number, 10, operation_sequence=20, quantity="1")
    through = [await world.scan(number, 11 + s, operation_sequence=s, quantity="1") for s in (10, 20)]

    assert skipped.reason == "OPERATION_NOT_READY"
    assert [one.result for one in through] == ["applied", "applied"]


async def test_a_running_job_that_is_cancelled_refuses_and_keeps_what_was_said(world: World) -> None:
    number = await dispatched(world, 5)
    await world.scan(number, 1, quantity="2")
    move = p.MoveProductionOrderRequest(context=world.context(), production_order=number, move="cancel", reason="停")
    await world.planning.MoveProductionOrder(move, None)

    late = await world.scan(number, 2, quantity="3")

    assert (late.result, late.reason) == ("rejected", "JOB_CANCELLED")
    listed = (await world.planning.ListScans(p.ListScansRequest(production_order=number), None)).scans
    assert sorted((s.quantity, s.result) for s in listed) == [("2", "applied"), ("3", "rejected")]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("SO20261122-0001", "CODE_IS_ORDER"),
        ("SH20261122-0001", "CODE_IS_SHIPMENT"),
        ("GR20261122-0001", "CODE_IS_RECEIPT"),
        ("6901234567892", "CODE_IS_GS1"),
        ("]C101069012345678921726112210A1", "CODE_IS_GS1"),
        ("(01)06901234567892(21)7", "CODE_IS_GS1"),
        ("010690123456789221X\x1d10A", "CODE_IS_GS1"),
        ("https://hub.example/t/abc", "CODE_IS_LINK"),
        ("PO20261122-0001PO20261122-0002", "CODE_BURST"),
        ("PO20261122-0001\nPO20261122-0002", "CODE_BURST"),
        ("PO20991231-9999", "CODE_OF_NO_JOB"),
        ("PO20991231-9999-U7.20", "CODE_OF_NO_JOB"),
        ("hello", "CODE_UNKNOWN"),
        ("'; DROP TABLE scan; --", "CODE_UNKNOWN"),
        ("完工", "CODE_UNKNOWN"),
    ],
)
async def test_a_wrong_code_says_what_it_is(world: World, code: str, reason: str) -> None:
    verdict = await world.scan(code, 1)

    assert (verdict.result, verdict.reason) == ("rejected", reason)


async def test_an_item_scanned_instead_of_a_job_is_named(world: World) -> None:
    await dispatched(world)
    await world.item("WIRE", name="铜线", aliases=["6901234567892"])

    verdicts = [await world.scan(code, minute) for minute, code in enumerate(("WIRE", "6901234567892", "LOST"), 1)]

    assert [v.reason for v in verdicts] == ["CODE_IS_ITEM", "CODE_IS_ITEM", "CODE_UNKNOWN"]
    assert [v.params["item"] for v in verdicts[:2]] == ["铜线", "铜线"]


@pytest.mark.parametrize("code", ["6901234567892", "hello", "PO20991231-9999", "SH20261122-0001", "a b"])
async def test_a_code_that_leads_nowhere_says_the_same_when_it_is_looked_up(world: World, code: str) -> None:
    verdict = await world.scan(code, 1)

    with pytest.raises(NotFound) as refused:
        await world.planning.GetScanTarget(p.GetScanTargetRequest(code=code), None)

    assert refused.value.reason == verdict.reason


async def test_goods_and_orders_are_recognised_as_what_they_are(world: World) -> None:
    await dispatched(world)
    await world.item("WIRE", name="铜线", aliases=["6901234567892"])

    found = [await target(world, code) for code in ("WIRE", " 6901234567892 ", "SO20261122-0001")]

    assert [(one.kind, one.number, list(one.actions)) for one in found] == [
        ("item", "WIRE", ["count"]), ("item", "WIRE", ["count"]), ("order", "SO20261122-0001", ["ship"]),
    ]  # fmt: skip
    assert (found[1].item_name, found[1].unit) == ("铜线", "m")


async def test_the_code_of_an_operation_is_about_that_operation(world: World) -> None:
    number = await dispatched(world)

    found = [await target(world, number + suffix) for suffix in ("", ".20", "-U1.20", ".99")]

    assert [one.operation.sequence for one in found] == [10, 20, 20, 10]
    assert {one.number for one in found} == {number}


async def target(world: World, code: str) -> p.GetScanTargetResponse:
    return await world.planning.GetScanTarget(p.GetScanTargetRequest(code=code), None)


async def test_a_code_of_another_operation_than_the_station_chose_is_refused(world: World) -> None:
    number = await dispatched(world)

    assert (await world.scan(f"{number}.20", 1, operation_sequence=10)).reason == "OTHER_OPERATION"
    assert (await world.scan(f"{number}.99", 2)).reason == "OPERATION_UNKNOWN"
    assert (await world.scan(f"{number}.20", 3)).operation.sequence == 20


async def test_a_clock_two_days_off_counts_and_is_flagged(world: World) -> None:
    number = await dispatched(world)
    scans = [
        p.Scan(
            scan_id=name, device_id="d", code=number, occurred_at=f"2026-11-{day}T10:00:00+08:00", operation_sequence=s
        )
        for name, day, s in (("ahead", 24, 10), ("behind", 20, 20))
    ]

    answer = await world.planning.RecordScans(p.RecordScansRequest(scans=scans), None)

    assert {v.scan_id: (v.result, list(v.operation.flags)) for v in answer.verdicts} == {
        "ahead": ("applied", ["clock_skew"]),
        "behind": ("applied", ["before_dispatch", "out_of_order"]),
    }
    assert [dict(v.params) for v in answer.verdicts] == [
        {"clock_ahead_minutes": "2880"},
        {"before_dispatch_minutes": "2880"},
    ]


async def test_many_waiting_scans_share_a_transaction_and_each_gets_its_own_verdict(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await dispatched(world, 30)
    statements: list[object] = []
    execute = Transaction.execute

    async def counted(unit: Transaction, statement: object, *params: object) -> object:
        statements.append(statement)
        return await execute(unit, statement, *params)

    monkeypatch.setattr(Transaction, "execute", counted)
    verdicts = await asyncio.gather(
        *(world.scan(number, n, device_id=f"d{n}", operation_sequence=10, quantity="1") for n in range(40)),
        world.scan("NOPE", 1, device_id="x"),
        world.scan(number, 1, device_id="d1", operation_sequence=10, quantity="1"),
    )
    monkeypatch.undo()

    results = [verdict.result for verdict in verdicts]
    assert (results.count("applied"), results.count("rejected"), results.count("duplicate")) == (30, 11, 1)
    assert {v.reason for v in verdicts if v.result == "rejected"} == {"QUANTITY_OVER", "CODE_UNKNOWN"}
    assert (await operations(world, number))[0] == ("30", "done")
    assert len(statements) <= 20  # alone they took five each
    assert len(await world.told("OperationStarted")) == 1


async def test_a_caller_is_told_the_marks_of_its_own_scan_only(world: World) -> None:
    number = await dispatched(world)
    other = (await world.plan(world.orders.add("SO2", ("A", 2)))).production_orders[0].number

    async def marked(code: str) -> list[str]:
        beside = notes.Notes()
        notes.current.set(beside)
        await world.scan(code, 1, scan_id=code, action="start")
        return [mark.subject for mark in beside.marks]

    told = await asyncio.gather(asyncio.create_task(marked(number)), asyncio.create_task(marked(other)))

    assert told == [[f"production-orders/{number}"], [f"production-orders/{other}"]]


async def line_scans(world: World, order: str, line_no: int = 1, most: int = 50) -> p.LineScans:
    lines = [p.OrderLineRef(order_number=order, line_no=line_no), p.OrderLineRef(order_number="SO-NONE", line_no=1)]
    found = (await world.planning.ListLineScans(p.ListLineScansRequest(lines=lines, most=most), None)).lines
    return found[0] if found else p.LineScans()


async def test_behind_an_order_line_stand_the_scans_that_counted(world: World) -> None:
    number = await dispatched(world, 10)
    order = (await world.production_order(number)).order_number
    for n, (sequence, quantity) in enumerate([(10, "4"), (10, "6"), (20, "3"), (20, "99")]):  # the last one is too many
        await world.scan(number, n, operation_sequence=sequence, quantity=quantity)
    await world.scan(number, 9, operation_sequence=20, action="start")

    found = await line_scans(world, order)

    assert [(scan.operation, scan.quantity) for scan in found.scans] == [("工序2", "3"), ("工序1", "6"), ("工序1", "4")]
    assert {(scan.production_order_number, scan.actor, scan.device_id) for scan in found.scans} == {
        (number, "planner", "dev1")
    }
    assert found.scans_count == 3
    cut = await line_scans(world, order, most=1)
    assert ([scan.quantity for scan in cut.scans], cut.scans_count) == (["3"], 3)
    assert not (await line_scans(world, order, line_no=2)).scans


async def test_too_many_order_lines_at_once_are_refused(world: World) -> None:
    lines = [p.OrderLineRef(order_number=f"SO{n}", line_no=1) for n in range(501)]
    with pytest.raises(Invalid):
        await world.planning.ListLineScans(p.ListLineScansRequest(lines=lines), None)
