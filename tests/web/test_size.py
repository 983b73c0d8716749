"""What a browser must load before the workbench stands: sizes do not flake, so they are held in every run."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

DIST = Path(__file__).resolve().parents[2] / "services/gateway/web/dist"
MOST_BYTES = 350_000
STATIC = re.compile(r"""(?:from|import)\s*["'](\./[^"']+\.js)["']""")
PRELOADED = re.compile(r'(?:src|href)="/?(assets/[^"]+\.js)"')


def reached(first: set[str]) -> set[str]:
    """Every script that these import without being asked later."""
    found: set[str] = set()
    waiting = set(first)
    while waiting:
        name = waiting.pop()
        found.add(name)
        text = (DIST / name).read_text()
        waiting |= {str(Path(name).parent / link) for link in STATIC.findall(text)} - found
    return found


@pytest.mark.parametrize("room", ["WorkbenchPage", "OrdersPage", "WarehousePage", "FloorPage", "TrackPage", "FormPage"])
def test_a_room_opens_with_little_to_load(room: str) -> None:
    assert (DIST / "index.html").exists(), "build the web client first: make up, or services/gateway/web/build.sh"
    entry = set(PRELOADED.findall((DIST / "index.html").read_text()))
    own = {f"assets/{path.name}" for path in (DIST / "assets").glob(f"{room}-*.js")}
    assert entry
    assert own

    loaded = reached(entry | own)

    assert sum(len(gzip.compress((DIST / name).read_bytes())) for name in loaded) < MOST_BYTES
