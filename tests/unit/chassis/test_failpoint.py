"""Failpoints kill only where a test armed them, and never in production."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from chassis import failpoint


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoint.arm("test", "")


def test_production_has_none() -> None:
    assert failpoint.arm("production", "after_commit:1") == {}
    failpoint.reach(failpoint.AFTER_COMMIT)


def test_without_words_nothing_is_armed() -> None:
    assert failpoint.arm("demo", "") == {}
    failpoint.reach(failpoint.AFTER_COMMIT)


def test_a_point_nobody_reaches_is_refused() -> None:
    with pytest.raises(ValueError, match="no such failpoint: after_lunch"):
        failpoint.arm("test", "after_lunch:1")


@pytest.mark.parametrize(("chance", "code"), [("1", failpoint.DEATH), ("0", 0)])
def test_an_armed_point_ends_the_process(chance: str, code: int) -> None:
    program = f"from chassis import failpoint as f; f.arm('test', 'after_commit:{chance}'); f.reach('after_commit')"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == code
