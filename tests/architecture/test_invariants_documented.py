"""Every test docs/invariants.md names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = sorted(
    set(re.findall(r"`([^` ]*(?:test_\w+\.py|::test_\w+)[^` ]*)`", (ROOT / "docs/invariants.md").read_text()))
)
FILES = sorted((ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("name", NAMED)
def test_the_test_it_names_exists(name: str) -> None:
    """A file may be named without its folder, and a test without its file when the row just named it."""
    path, _, wanted = name.partition("::")
    found = [file for file in FILES if f"/{file.relative_to(ROOT)}".endswith(f"/{path}" if path else "")]

    assert found
    assert not wanted or any(re.search(rf"def {wanted}\(", file.read_text()) for file in found)


def test_what_is_named_was_found() -> None:
    assert len(NAMED) > 100
