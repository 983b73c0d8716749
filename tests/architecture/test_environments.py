"""Each service starts with its own dependencies alone: a shared environment would hide an undeclared one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def uv() -> str:
    """Return the uv the project's own bootstrap installed, or the one on the path."""
    for candidate in (Path(sys.executable).parent / "uv", ROOT / ".run" / "bootstrap" / "bin" / "uv"):
        if candidate.exists():
            return str(candidate)
    found = shutil.which("uv")
    assert found, "uv is missing: make test installs it"
    return found


@pytest.mark.parametrize("service", ["order", "planning", "inventory", "notify", "gateway"])
def test_a_service_starts_alone(service: str, tmp_path: Path) -> None:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(tmp_path / "venv")}
    members = [f"{ROOT}/protos", f"{ROOT}/services/chassis", f"{ROOT}/services/{service}"]
    build = tmp_path / "members"
    for member in members:
        ignore = shutil.ignore_patterns("web", "miniprogram", "*.egg-info", "__pycache__", "build")
        shutil.copytree(member, build / Path(member).name, ignore=ignore)
    steps = [
        [uv(), "venv", "-q", "--python", sys.executable, str(tmp_path / "venv")],
        [uv(), "pip", "install", "-q", "-c", f"{ROOT}/requirements/runtime.txt", *(str(p) for p in build.iterdir())],
        [str(tmp_path / "venv" / "bin" / "python"), "-m", f"{service}_service", "check"],
    ]

    for step in steps:
        result = subprocess.run(
            step, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=110
        )
        assert result.returncode == 0, f"{step}: {result.stderr[-2000:]}"
