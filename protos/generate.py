"""Make protos/gen from protos/orderhub, or with --check refuse when the committed code is out of date."""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent


def generate(target: Path) -> None:
    """Write Python modules, typed stubs and package markers for every proto under `target`."""
    sources = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "orderhub").rglob("*.proto"))
    includes = [f"-I{ROOT}", f"-I{files('grpc_tools') / '_proto'}"]
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the stub plugins
    outputs = [f"--{kind}_out={target}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
    if protoc.main(["protoc", *includes, *outputs, *sources]) != 0:
        sys.exit("protoc failed")
    for package in {path.parent for path in target.rglob("*.py")} | {target / "orderhub"}:
        (package / "__init__.py").touch()
    for package in {path.parent.parent for path in target.rglob("*_pb2.py")}:
        (package / "__init__.py").touch()
    (target / "orderhub" / "py.typed").touch()


def _sources(tree: Path) -> set[Path]:
    return {path.relative_to(tree) for kind in ("*.py", "*.pyi", "py.typed") for path in tree.rglob(kind)}


def differences(left: Path, right: Path) -> list[str]:
    """Return the files that differ between two trees, by relative path."""
    names, others = _sources(left), _sources(right)
    changed = {n for n in names & others if not filecmp.cmp(left / n, right / n, shallow=False)}
    return sorted(str(name) for name in (names ^ others) | changed)


def main() -> None:
    """Regenerate, or check."""
    committed = ROOT / "gen"
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "gen"
        fresh.mkdir()
        generate(fresh)
        if "--check" in sys.argv:
            stale = differences(fresh, committed)
            if stale:
                sys.exit("generated code is out of date (run make proto): " + ", ".join(stale))
            return
        shutil.rmtree(committed / "orderhub", ignore_errors=True)
        shutil.copytree(fresh, committed, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
