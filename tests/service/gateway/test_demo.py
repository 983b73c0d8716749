"""Asking for a fresh demo: the administrator only, in a demo only, with the word typed, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.service.gateway.conftest import House

WISH = {"confirmation": "demo-reset", "reason": "培训结束"}
RESET = "/settings/demo:reset"


@pytest.fixture
def demo(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "demo-reset.json"
    monkeypatch.setattr(house.gateway.settings, "profile", "demo")
    monkeypatch.setattr(house.gateway.settings, "demo_reset_file", file)
    return file


async def test_a_wish_is_written_down_for_the_supervisor(house: House, demo: Path) -> None:
    before = (await house.call("GET", "/settings/demo")).json()
    asked = await house.call("POST", RESET, json=WISH)

    assert (before["available"], before["state"]) == (True, None)
    assert (asked.status_code, asked.json()["state"], asked.json()["by"]) == (202, "asked", "admin")
    kept = json.loads(demo.read_text("utf-8"))
    assert (kept["state"], kept["by"], kept["reason"]) == ("asked", "admin", "培训结束")


async def test_outside_a_demo_nothing_is_reset(house: House, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.gateway.settings, "profile", "production")
    refused = await house.call("POST", RESET, json=WISH)
    monkeypatch.setattr(house.gateway.settings, "profile", "demo")
    monkeypatch.setattr(house.gateway.settings, "demo_reset_file", None)
    nowhere = await house.call("POST", RESET, json=WISH)

    assert (refused.status_code, refused.json()["reason"]) == (409, "DEMO_ONLY")
    assert (nowhere.status_code, nowhere.json()["reason"]) == (409, "DEMO_RESET_UNAVAILABLE")
    assert (await house.call("GET", "/settings/demo")).json()["available"] is False
    assert not demo.exists()


async def test_the_word_and_a_reason_are_needed(house: House, demo: Path) -> None:
    wrong = await house.call("POST", RESET, json=WISH | {"confirmation": "yes"})
    silent = await house.call("POST", RESET, json=WISH | {"reason": ""})
    keyless = await house.call("POST", RESET, json=WISH, key=None)
    planner = await house.call("POST", RESET, json=WISH, role="manager")

    assert (wrong.status_code, wrong.json()["errors"][0]["message"]) == (422, "请原样输入 demo-reset")
    assert (silent.status_code, keyless.status_code, planner.status_code) == (422, 400, 403)
    assert not demo.exists()


async def test_asking_again_resets_once(house: House, demo: Path) -> None:
    first = await house.call("POST", RESET, json=WISH, key="a")
    while_asked = await house.call("POST", RESET, json=WISH | {"reason": "另一个人"}, key="b")
    demo.write_text(json.dumps(json.loads(demo.read_text("utf-8")) | {"state": "done"}), "utf-8")
    repeated = await house.call("POST", RESET, json=WISH, key="a")
    reused = await house.call("POST", RESET, json=WISH | {"reason": "别的"}, key="a")
    anew = await house.call("POST", RESET, json=WISH, key="c")

    assert while_asked.json() == first.json()
    assert repeated.json()["state"] == "done"
    assert (reused.status_code, reused.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert anew.json()["state"] == "asked"
