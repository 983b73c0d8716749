"""Import of bills, comparison of versions, units."""

from __future__ import annotations

import io
import os
from itertools import pairwise
from typing import Any

import pytest
import xlsxwriter
from orderhub.planning.v1 import master_pb2 as m
from orderhub.planning.v1 import production_pb2 as p

from chassis.database import Transaction
from chassis.sql import Rows, Statement
from planning_service.domain.errors import Invalid, NoBom, NotFound
from tests.service.planning.conftest import World, line

PROOF = os.environ.get("ORDERHUB_PROOF") == "1"
HEADER = "产品型号,子件编码,子件名称,单位用量,工艺路线编号\n"


async def load(world: World, content: bytes, *, dry_run: bool = False) -> m.ImportBomsResponse:
    request = m.ImportBomsRequest(context=world.context(), content=content, dry_run=dry_run)
    return await world.master.ImportBoms(request, None)


def told(answer: m.ImportBomsResponse) -> list[tuple[int, str, str]]:
    return [(v.row, v.result, v.reason) for v in answer.verdicts]


async def factory(world: World) -> None:
    await world.motor_factory()
    await world.item("S", "make", "个", name="转子")


async def test_a_sheet_becomes_bills_and_every_row_has_a_verdict(world: World) -> None:
    await factory(world)
    sheet = HEADER + "A,WIRE,铜线,8,R1\nA,S,,2,\nS,WIRE,铜线,0.5,R1\n\nB,GHOST,,1,R1\nB,WIRE,,1,R1\n"

    answer = await load(world, sheet.encode("gb18030"))

    assert told(answer) == [
        (2, "accepted", ""),
        (3, "accepted", ""),
        (4, "accepted", ""),
        (6, "rejected", "ITEM_UNKNOWN"),
        (7, "rejected", "BILL_HAS_BAD_ROW"),
    ]
    assert (answer.accepted_count, answer.rejected_count, list(answer.kept_items)) == (3, 2, ["A", "S"])
    bom = (await world.master.GetBom(m.GetBomRequest(item_code="A"), None)).bom
    assert [(x.component, x.quantity_per) for x in bom.lines] == [("WIRE", "8"), ("S", "2")]
    kept = (await world.master.GetBom(m.GetBomRequest(item_code="B"), None)).bom
    assert [x.quantity_per for x in kept.lines] == ["10"]


async def test_a_dry_run_keeps_nothing_and_tells_the_same(world: World) -> None:
    await factory(world)
    sheet = (HEADER + "A,WIRE,,8,R1\nB,WIRE,,x,R1\n").encode()
    tried = await load(world, sheet, dry_run=True)
    before = (await world.master.GetBom(m.GetBomRequest(item_code="A"), None)).bom
    done = await load(world, sheet)

    assert told(tried) == told(done)
    assert before.lines[0].quantity_per == "7.5"
    assert (await world.master.GetBom(m.GetBomRequest(item_code="A"), None)).bom.lines[0].quantity_per == "8"


async def test_a_loop_inside_a_sheet_is_refused(world: World) -> None:
    await factory(world)

    answer = await load(world, (HEADER + "S,A,,1,R1\nA,S,,1,R1\n").encode())

    assert told(answer) == [(2, "accepted", ""), (3, "rejected", "BOM_CYCLE")]


async def test_importing_twice_is_importing_once(world: World) -> None:
    await factory(world)
    sheet = (HEADER + "A,WIRE,,8,R1\n").encode()
    await load(world, sheet)
    await load(world, sheet)

    assert (await world.master.GetBom(m.GetBomRequest(item_code="A"), None)).bom.version == 2


async def test_numbers_of_a_spreadsheet_are_what_people_see(world: World) -> None:
    await factory(world)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet()
        for r, row in enumerate([HEADER.strip().split(","), ["A", "WIRE", "铜线", 0.1, "R1"], ["A", "S", "", 7, ""]]):
            page.write_row(r, 0, row)

    await load(world, buffer.getvalue())

    bom = (await world.master.GetBom(m.GetBomRequest(item_code="A"), None)).bom
    assert [x.quantity_per for x in bom.lines] == ["0.1", "7"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,WIRE,铝线,1,R1", "NAME_MISMATCH"),
        ("A,WIRE,,-1,R1", "TOO_SMALL"),
        ("A,WIRE,,1e400,R1", "TOO_LARGE"),
        ("A,WIRE,,1,R9", "ROUTING_UNKNOWN"),
        (",WIRE,,1,R1", "REQUIRED"),
        ("A,A,,1,R1", "BOM_CYCLE"),
    ],
)
async def test_bad_rows_say_what_is_wrong(world: World, row: str, reason: str) -> None:
    await factory(world)

    answer = await load(world, (HEADER + row + "\n").encode())

    assert told(answer) == [(2, "rejected", reason)]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\xff\xfe\xff\x00\x81", b"x" * (4 * 1024 * 1024)])
async def test_what_is_no_table_is_refused(world: World, content: bytes) -> None:
    with pytest.raises(Invalid):
        await load(world, content)


async def test_versions_are_compared_field_by_field(world: World) -> None:
    await factory(world)
    await world.bom("A", line("WIRE", "8", scrap_rate="0.1"), line("S", 2), routing="")

    answer = await world.master.GetBomDiff(m.GetBomDiffRequest(item_code="A", from_version=1, to_version=2), None)

    assert [(d.kind, d.component, d.field, d.before, d.after) for d in answer.differences] == [
        ("changed", "", "routing_code", "R1", ""),
        ("changed", "WIRE", "quantity_per", "7.5", "8"),
        ("changed", "WIRE", "scrap_rate", "0", "0.1"),
        ("added", "S", "", "", "2"),
    ]
    with pytest.raises(NotFound):
        await world.master.GetBomDiff(m.GetBomDiffRequest(item_code="A", from_version=1, to_version=9), None)


async def test_units_are_listed_as_seeded(world: World) -> None:
    answer = await world.master.ListUnits(m.ListUnitsRequest(), None)

    assert [u.code for u in answer.units] == ["件", "台", "套", "个", "kg", "g", "m", "cm", "L", "卷", "箱"]
    assert {u.code for u in answer.units if u.whole_units} == {"件", "台", "套", "个"}


async def test_a_sheet_takes_a_handful_of_statements_whatever_its_length(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three hundred bills from the bottom up, and none of them a query."""
    await world.routing()
    codes = [f"D{level}" for level in range(300)]
    for code in codes:
        await world.item(code, "make", "件")
    statements: list[str] = []
    execute = Transaction.execute

    async def counted(unit: Transaction, statement: Statement, params: Any = None) -> Rows:
        statements.append(statement.text)
        return await execute(unit, statement, params)

    monkeypatch.setattr(Transaction, "execute", counted)
    rows = [f"{upper},{lower},,1,R1\n" for upper, lower in pairwise(codes)]
    answer = await load(world, (HEADER + "".join(reversed(rows))).encode())

    assert [verdict.result for verdict in answer.verdicts] == ["accepted"] * 299
    assert len(statements) < 20


async def test_a_loop_in_a_sheet_is_refused_and_the_other_bills_stay(world: World) -> None:
    await world.routing()
    for code in ("L1", "L2", "L3", "L4"):
        await world.item(code, "make", "件")

    answer = await load(world, (HEADER + "L1,L2,,1,R1\nL2,L3,,1,R1\nL3,L1,,1,R1\nL4,L1,,2,R1\n").encode())

    assert told(answer) == [(2, "accepted", ""), (3, "accepted", ""), (4, "rejected", "BOM_CYCLE"), (5, "accepted", "")]
    with pytest.raises(NoBom):
        await world.master.GetBom(m.GetBomRequest(item_code="L3"), None)


async def test_a_thousand_made_levels_give_one_answer_everywhere(world: World) -> None:
    """Preview, promise, plan and what is kept of it agree; the other line goes on, and nothing needs a deep stack."""
    levels = 1_000 if PROOF else 120
    await world.routing()
    await world.motor_factory()
    world.stock.set(WIRE=5)
    codes = [f"D{level}" for level in range(levels)]
    for code in codes:
        await world.item(code, "make", "件")
    rows = [f"{upper},{lower},,1,R1\n" for upper, lower in pairwise(codes)]
    await load(world, (HEADER + "".join(rows) + f"{codes[-1]},WIRE,,3,R1\n").encode())
    world.orders.add("SO1", (codes[0], 2), ("A", 1))

    shown = await world.master.Explode(m.ExplodeRequest(item_code=codes[0], quantity="2"), None)
    promised = await world.planning.GetPromise(p.GetPromiseRequest(order="SO1"), None)
    plan = await world.plan("SO1")
    world.stock.set(WIRE=0)  # all of it is held by SO1
    kept = await world.planning.GetPlan(p.GetPlanRequest(order="SO1"), None)
    after = await world.planning.GetPromise(p.GetPromiseRequest(order="SO1"), None)

    assert [(r.level, r.required) for r in shown.requirements] == [*((n, "2") for n in range(1, levels)), (levels, "6")]
    assert [(o.item_code, o.quantity) for o in plan.production_orders] == [*((code, "2") for code in codes), ("A", "1")]
    assert [o.parent_number for o in plan.production_orders[1:levels]] == [
        o.number for o in plan.production_orders[: levels - 1]
    ]
    assert [(x.item_code, x.required, x.reserved, x.short) for x in plan.pick_list] == [("WIRE", "13.5", "5", "8.5")]
    assert (list(kept.pick_list), list(kept.production_orders)) == (list(plan.pick_list), list(plan.production_orders))
    facts = [(x.line_no, x.to_make, x.producible_by, [s.short for s in x.shortages]) for x in promised.lines]
    assert facts == [(x.line_no, x.to_make, x.producible_by, [s.short for s in x.shortages]) for x in after.lines]
