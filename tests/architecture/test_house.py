"""Rooms stay small: a file that passes 250 lines wants a second room, the chassis stays a chassis."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 250
MOST_CHASSIS_LINES = 3610  # without blank lines; docs/decisions/0006


def sources(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "egg-info" not in str(path) and "web" not in path.parts
    ]


def lines(path: Path) -> int:
    return path.read_text().count("\n")


def test_files_stay_small() -> None:
    crowded = {
        str(path.relative_to(ROOT)): lines(path) for path in sources("services", "deploy") if lines(path) > MOST_LINES
    }

    assert crowded == {}


def test_the_chassis_stays_a_chassis() -> None:
    written = sum(1 for path in sources("services/chassis") for line in path.read_text().splitlines() if line.strip())

    assert written <= MOST_CHASSIS_LINES
