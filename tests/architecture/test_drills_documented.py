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


def test_no_drill_skips_for_want_of_a_package() -> None:
    """`make chaos` installs what its drills need; a drill stays out only where the machine can't do it at all."""
    found = {reason for path in sorted((ROOT / "tests/chaos").glob("*.py")) for reason in reasons(path.read_text())}

    assert found == {
        "a drill: make chaos",
        "mounting a small disk needs root",
        "no history to go back in",
        "this machine lets nobody mount a file",
    }
    assert reasons("import pytest\n@pytest.mark.skipif(True, reason='apt-get install it')\ndef test_x(): ...\n")


def reasons(source: str) -> list[str]:
    """Return why tests of a module are skipped; one without a reason counts as an empty one."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _skips(node.func)]
    return [next((word.value for word in _words(call) if isinstance(word.value, str)), "") for call in calls]


def _skips(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in ("skip", "skipif", "importorskip")


def _words(call: ast.Call) -> list[ast.Constant]:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"] + call.args
    return [value for value in given if isinstance(value, ast.Constant)]
