"""Every name docs/glossary.md gives for code is one the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from order_service.domain.lifecycle import STATES
from planning_service.domain.lifecycle import ProductionState

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/glossary.md").read_text()
ROWS = re.findall(r"^\| [^|]+ \| (`[^|]+`) \|", PAGE, re.MULTILINE)
NAMES = sorted({name for cell in ROWS for name in re.findall(r"`([^`]+)`", cell)})
SOURCES = ("protos/orderhub/**/*.proto", "services/*/*_service/domain/*.py", "services/chassis/chassis/schema.py")
SAID = "\n".join(path.read_text() for pattern in SOURCES for path in sorted(ROOT.glob(pattern)))


@pytest.mark.parametrize("name", NAMES)
def test_the_code_has_the_word(name: str) -> None:
    assert re.search(rf"(?<![a-z]){name}(?![a-z])", SAID, re.IGNORECASE)


def test_every_state_is_told_and_no_other() -> None:
    orders, jobs = re.findall(r"(?:An|A production) order is (.*?)\.", PAGE.replace("\n", " "))

    assert set(re.findall(r"`(\w+)`", orders)) == set(STATES)
    assert set(re.findall(r"`(\w+)`", jobs)) == {state.value for state in ProductionState}


def test_words_were_found() -> None:
    assert len(NAMES) > 60
