"""Processes that die exactly between commit and publish, and between confirm and delete (reliability.md 2, rows 2 and 3)."""

from __future__ import annotations

import logging
import time

import pytest

from tests.chaos.conftest import needs_chaos
from tests.chaos.drill import Drill
from tests.chaos.test_drills import drilled
from tests.e2e.stack import down, up
from tests.support.waiting import eventually

pytestmark = [needs_chaos, pytest.mark.timeout(900)]
DEATHS = 6
SERVICES = ("order", "planning", "inventory", "notify")


async def test_dying_after_the_commit_or_after_the_confirm_loses_and_doubles_nothing() -> None:
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    stack = up(ORDERHUB_FAILPOINTS="after_commit:0.004,after_confirm:0.004")
    deaths: dict[str, set[int]] = {part: {stack.pid(part)} for part in SERVICES}
    try:

        async def weather(drill: Drill) -> None:
            async def enough() -> bool:
                for part, pids in deaths.items():
                    pids.add(stack.pid(part))
                return sum(len(pids) - 1 for pids in deaths.values()) >= DEATHS

            began = time.monotonic()
            await eventually(enough, within=240, every=0.2)
            said = ", ".join(f"{part} {len(pids) - 1}" for part, pids in deaths.items())
            drill.faults.confirmed.append(f"died at a failpoint within {time.monotonic() - began:.0f} s: {said}")

        drill, _ = await drilled(stack, weather)
    finally:
        down(stack)

    print(f"  {drill.ears.repeats} events came twice on the wire")
    assert drill.ears.repeats > 0  # without one, no relay died between confirm and delete
