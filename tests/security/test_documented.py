"""docs/security.md names every requirement once, and every test it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/security.md").read_text().splitlines()
    if re.match(r"\|\s*\d+\s*\|", line)
]
NAMED = sorted({name for row in ROWS for name in re.findall(r"`(tests/[^`]+)`", row[3])})


def test_every_requirement_has_its_row() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 46))


def test_every_row_has_a_test_or_says_why_not() -> None:
    bare = [row[0] for row in ROWS if "`tests/" not in row[3] and not re.search(r"open: \S", row[3])]

    assert bare == []


@pytest.mark.parametrize("name", NAMED)
def test_the_test_it_names_exists(name: str) -> None:
    path, _, wanted = name.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}

    assert wanted in found if wanted else any(one.startswith("test_") for one in found)
