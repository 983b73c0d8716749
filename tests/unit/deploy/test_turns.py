"""Two clones that start in the same moment take turns, so that they never choose the same ports."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from deploy.local.turns import choosing_ports


def test_the_second_clone_waits_until_the_first_has_its_ports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    def second() -> None:
        with choosing_ports(usual=True, folder=tmp_path):
            done.append("second")

    with choosing_ports(usual=True, folder=tmp_path):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)
        done.append("first")
    other.join(10)

    assert done == ["first", "second"]
    assert "waiting for it" in capsys.readouterr().out


def test_stacks_with_ports_of_their_own_wait_for_nobody(tmp_path: Path) -> None:
    with choosing_ports(usual=True, folder=tmp_path), choosing_ports(usual=False, folder=tmp_path):
        assert len(list(tmp_path.iterdir())) == 1
