"""The walls hold, and each of them can fall: a contract that cannot fail protects nothing."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).parent / "lint-imports"
SERVICES = ("order", "planning", "inventory", "notify", "gateway")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run the import contracts over a copy of the services."""
    paths = [str(tree / name) for name in ("chassis", *SERVICES)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, str(ROOT / "protos" / "gen")])}
    command = [str(LINT), "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the services' Python to break."""
    ignore = shutil.ignore_patterns("web", "miniprogram", "*.egg-info", "__pycache__", "node_modules")
    shutil.copytree(ROOT / "services", tmp_path / "services", ignore=ignore)
    return tmp_path / "services"


def test_the_walls_hold(copy: Path) -> None:
    result = lint(copy)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("contract", "module", "breach"),
    [
        ("Services never import each other", "order/order_service/wiring.py", "import planning_service"),
        ("The chassis knows no domain noun", "chassis/chassis/events.py", "import orderhub"),
        ("Imports point inwards", "order/order_service/app/ports.py", "import order_service.wiring"),
        ("The domain stands alone", "inventory/inventory_service/domain/errors.py", "import sqlalchemy"),
    ],
)
def test_each_wall_can_fall(copy: Path, contract: str, module: str, breach: str) -> None:
    target = copy / module
    target.write_text(f"{target.read_text()}\n{breach}\n")

    result = lint(copy)

    assert result.returncode != 0
    assert f"{contract} BROKEN" in result.stdout


@pytest.mark.parametrize("service", ["order", "planning", "inventory"])
def test_the_domain_imports_the_standard_library_only(service: str) -> None:
    package = f"{service}_service"
    for path in (ROOT / "services" / service / package / "domain").rglob("*.py"):
        for name in imported(path):
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names or name.startswith(f"{package}.domain"), f"{path.name} imports {name}"


def imported(path: Path) -> list[str]:
    """Return the absolute names a module imports."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.append(node.module or "")
    return found
