"""docs/drills.md names every fault once, and every drill it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/drills.md").read_text()
FAULTS, MUTANTS = PAGE.split("## Mutants")
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))
MODULES = ("test_mutants.py", "test_mutants_relay.py", "test_mutants_rules.py")


def named_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}


def test_every_fault_has_its_row_and_its_drill() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\|([^|]+)\|$", FAULTS, re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, 28))
    assert [number for number, drills in rows if "`tests/" not in drills] == []


@pytest.mark.parametrize("name", NAMED)
def test_the_drill_it_names_exists(name: str) -> None:
    path, _, wanted = name.partition("::")

    assert wanted in named_in(path)


@pytest.mark.parametrize("module", MODULES)
def test_no_mutant_is_left_out(module: str) -> None:
    path = f"tests/chaos/{module}"

    assert {f"{path}::{name}" for name in named_in(path)} <= set(re.findall(r"`(tests/[^`]+)`", MUTANTS))


def test_every_drill_of_make_chaos_stands_there() -> None:
    drills = {"test_drills.py", "test_databases.py", "test_upgrade.py", "test_worst_moments.py", "test_disk_full.py"}
    for module in sorted(drills | {"test_scarcity.py", "test_limits.py"}):
        path = f"tests/chaos/{module}"
        assert {f"{path}::{name}" for name in named_in(path)} <= set(NAMED), module
