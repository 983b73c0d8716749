"""Random histories over REST end as the acknowledged facts say; ORDERHUB_PROOF=1 runs the full number."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.e2e.stack import Stack
from tests.model.house import House
from tests.model.machine import Factory

pytestmark = [pytest.mark.timeout(1800)]
PROOF = os.environ.get("ORDERHUB_PROOF") == "1"
HISTORIES, STEPS = (60, 40) if PROOF else (3, 14)
DEPTHS = ("order cancelled", "order closed", "order signed", "job completed", "scan rejected", "returned")


@pytest.fixture(scope="module")
def house(stack: Stack) -> Iterator[House]:
    loop = asyncio.new_event_loop()
    opened = House(stack, loop).open()
    yield opened
    opened.close()
    loop.close()


def run(house: House, histories: int, steps: int) -> Counter[str]:
    """Run so many histories; one that fails is printed as it was found. Return what they came by."""
    seen: Counter[str] = Counter()
    run_state_machine_as_test(
        type("Bound", (Factory,), {"house": house, "seen": seen}),
        settings=settings(
            max_examples=histories, stateful_step_count=steps, deadline=None, database=None, print_blob=True,
            suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
        ),
    )  # fmt: skip
    return seen


def test_random_histories_end_as_the_facts_say(house: House) -> None:
    seen = run(house, HISTORIES, STEPS)

    print("\nhistories came by:", ", ".join(f"{what} {count}" for what, count in sorted(seen.items())))
    if PROOF:
        assert [depth for depth in DEPTHS if not seen[depth]] == [], seen
