"""A reset is a demo's only, and one that was broken off begins again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.local import demo_reset
from deploy.local.layout import LocalError
from deploy.local.records import Records


@pytest.mark.parametrize("profile", ["production", "test", ""])
def test_only_a_demo_is_reset(profile: str, tmp_path: Path) -> None:
    with pytest.raises(LocalError):
        demo_reset.check_profile(profile, Records(tmp_path))
    demo_reset.check_profile("demo", Records(tmp_path))


def test_a_service_running_for_production_forbids_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Records, "living", lambda _: {"order": SimpleNamespace(pid=1)})
    monkeypatch.setattr(demo_reset, "_profile_of", lambda _: "production")

    with pytest.raises(LocalError):
        demo_reset.check_profile("demo", Records(tmp_path))


@pytest.mark.parametrize(
    ("state", "again"), [("running", True), ("failed", True), ("asked", False), ("done", False), ("", False)]
)
def test_one_broken_off_begins_again(state: str, again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wiped: list[Any] = []
    monkeypatch.setattr(demo_reset, "wipe", lambda *given: wiped.append(given))
    if state:
        demo_reset.note(tmp_path, state=state)
    wanted: Any = SimpleNamespace(run=tmp_path)

    assert demo_reset.resume(wanted, Records(tmp_path)) is again
    assert bool(wiped) is again
