"""Generated code is up to date, and the protos keep the house style and their promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUF = Path(sys.executable).parent / "buf"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


def test_generated_code_is_up_to_date() -> None:
    result = run(sys.executable, "protos/generate.py", "--check")

    assert result.returncode == 0, result.stderr


def test_protos_keep_the_style() -> None:
    result = run(BUF, "lint")

    assert result.returncode == 0, result.stdout


def test_protos_break_no_promise_of_the_last_release() -> None:
    tag = run("git", "describe", "--tags", "--abbrev=0").stdout.strip()
    if not tag:
        pytest.skip("no release yet: nothing is promised")

    result = run(BUF, "breaking", "--against", f".git#tag={tag}")

    assert result.returncode == 0, result.stdout


def test_a_broken_promise_is_noticed(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for folder, kind in ((before, "int32"), (after, "int64")):
        folder.mkdir()
        (folder / "a.proto").write_text(f'syntax = "proto3";\npackage a;\nmessage A {{\n  {kind} n = 1;\n}}\n')
        (folder / "buf.yaml").write_text("version: v2\nbreaking:\n  use:\n    - WIRE_JSON\n")

    assert run(BUF, "breaking", after, "--against", before).returncode != 0
