"""What leaves as CSV: every cell a text or a number, nothing a spreadsheet would run (reliability.md 5.20)."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_service.sheets import DANGEROUS, safe, sheet


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+86 138", "'+86 138"), ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("-3.5", "-3.5"), (-3, "-3"), ("--3", "'--3"), (None, ""), ("A=1", "A=1"),
        ("＝1+1", "'＝1+1"), ("＠SUM", "'＠SUM"), ("\n=1", "'\n=1"), ("－３", "'－３"),
    ],
)  # fmt: skip
def test_a_cell_that_would_run_is_a_text(cell: object, written: str) -> None:
    assert safe(cell) == written


@given(st.lists(st.lists(st.text(max_size=20) | st.integers() | st.none(), min_size=2, max_size=2), max_size=8))
def test_no_cell_of_any_export_begins_as_a_formula(rows: list[list[object]]) -> None:
    body = bytes(sheet("x.csv", ["item_code", "quantity"], rows).body).decode("utf-8-sig")

    for row in list(csv.reader(io.StringIO(body, newline="")))[1:]:
        for cell in row:
            assert not cell.startswith(DANGEROUS) or cell.removeprefix("-").replace(".", "", 1).isdigit()
