"""One stack for all end-to-end tests of a run; ORDERHUB_E2E_STACK names a running one's directory instead."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, down, up


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The running stack."""
    if running := os.environ.get("ORDERHUB_E2E_STACK"):
        yield Stack(Path(running))
        return
    started = up()
    yield started
    down(started)
