"""G6 and G11: everything planned anew at once, and a factory's bills read from sheets.

ORDERHUB_BENCH_REPLAN (open lines, 10,000) and ORDERHUB_BENCH_SHEET (rows, 86,000): what is printed was measured at that size.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from decimal import Decimal

from planning_service.adapters.sheet_file import MAX_ROWS, rows_of
from planning_service.domain.bom_sheet import read_sheet
from planning_service.domain.item import Supply
from planning_service.domain.plan import DemandLine, plan_order
from planning_service.domain.structure_shelf import StructureShelf
from tests.bench.planning_explosion import DAY, factory
from tests.bench.report import Row

REPLAN_LINES = int(os.environ.get("ORDERHUB_BENCH_REPLAN") or 10_000)
SHEET_ROWS = int(os.environ.get("ORDERHUB_BENCH_SHEET") or 86_000)
NODES, LINES_OF_AN_ORDER, STOCK = 60, 10, Decimal(40)
A_FILE = MAX_ROWS - 10_000
HEADER = "产品型号,子件编码,子件名称,单位用量,工艺路线编号\n"


def rows() -> list[Row]:
    """Return both rows, in CPU time of this process: other work on the box shall not count."""
    return [replan(), sheets()]


def replan() -> Row:
    """Plan every open line against the same stock, order by order, as exactly as a single plan."""
    catalogue, shelf = factory(NODES), StructureShelf()
    stock = {code: STOCK for code, item in catalogue.items.items() if item.supply is Supply.BUY}
    orders = REPLAN_LINES // LINES_OF_AN_ORDER
    demand = [[DemandLine(n, "ROOT", Decimal(1 + (order + n) % 9), DAY) for n in range(1, LINES_OF_AN_ORDER + 1)] for order in range(orders)]  # fmt: skip
    began = time.process_time()
    made = sum(len(plan_order(lines, catalogue, stock, shelf).drafts()) for lines in demand)
    seconds = time.process_time() - began
    name = f"G6 re-plan {orders * LINES_OF_AN_ORDER:,} lines x {NODES} nodes"
    return Row(name, f"{seconds:.1f} s of CPU, {made:,} production orders", goal="86,000 lines in 60 s")


def sheets() -> Row:
    """Read bills from files of the size that is allowed and give each row its verdict."""
    catalogue = factory(NODES)
    files = [sheet(range(at, min(SHEET_ROWS, at + A_FILE))) for at in range(0, SHEET_ROWS, A_FILE)]
    began = time.process_time()
    verdicts = [verdict for content in files for verdict in read_sheet(rows_of(content), catalogue).verdicts]
    seconds = time.process_time() - began
    refused = sum(verdict.reason is not None for verdict in verdicts)
    assert len(verdicts) == SHEET_ROWS
    figure = f"{seconds:.1f} s of CPU, {len(verdicts):,} verdicts, {refused:,} refused, {len(files)} files"
    return Row(f"G11 bills of {SHEET_ROWS:,} rows read", figure, goal="< 60 s")


def sheet(numbers: Iterable[int]) -> bytes:
    """Return a file whose every hundredth row names an item nobody knows."""
    lines = (f"N{n % 30},{'GHOST' if n % 100 == 99 else f'N{30 + n % 30}'},,{1 + n % 7},\n" for n in numbers)
    return (HEADER + "".join(lines)).encode()
