"""Drills run with ORDERHUB_CHAOS=1 (`make chaos`): they take minutes, and a stack of their own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from tests.chaos.drill import a_stack
from tests.e2e.stack import Stack

needs_chaos = pytest.mark.skipif(not os.environ.get("ORDERHUB_CHAOS"), reason="a drill: make chaos")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack to hurt."""
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # the subscriber reconnects by itself
    with a_stack() as running:
        yield running
