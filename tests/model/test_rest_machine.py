"""Random histories over REST end as the acknowledged facts say; ORDERHUB_PROOF=1 runs the full number."""

from __future__ import annotations

import json
import os
from collections import Counter

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from tests.e2e.stack import Stack
from tests.model.house import House
from tests.model.machine import Factory

pytestmark = [pytest.mark.timeout(1800)]
PROOF = os.environ.get("ORDERHUB_PROOF") == "1"
HISTORIES, STEPS = (60, 40) if PROOF else (3, 14)
DEPTHS = ("order cancelled", "order closed", "signature", "job completed", "scan rejected", "returned")


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


MUTANTS = {
    "the order does not hear of returns": (
        "order", "goods_return", "BEFORE INSERT", "RETURN NULL;",
    ),
    "a shipment is counted twice": (
        "order", "shipment_line", "BEFORE INSERT", "NEW.quantity := NEW.quantity * 2; RETURN NEW;",
    ),
    "the customer's message is forgotten": (
        "notify", "notification", "BEFORE INSERT", "IF NEW.subscription = 'customer_shipped' THEN RETURN NULL; END IF; RETURN NEW;",
    ),
    "a reservation takes a little more than it says": (
        "inventory", "stock", "BEFORE UPDATE",
        "IF NEW.reserved > OLD.reserved AND NEW.reserved < NEW.on_hand THEN NEW.reserved := NEW.reserved + 1; END IF; RETURN NEW;",
    ),
}  # fmt: skip


async def _as_owner(stack: Stack, service: str, statements: str) -> None:
    secrets = json.loads((stack.home / "secrets.json").read_text())
    host = stack.facts["postgres"][service].rsplit("@", 1)[1]
    owner = await asyncpg.connect(f"postgresql://orderhub_{service}_owner:{secrets['owners'][service]}@{host}")
    await owner.execute(statements)
    await owner.close()


@pytest.mark.skipif(not PROOF, reason="the mutants of the state machine run in `make proof`")
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_house_with_a_fault_is_found_out(stack: Stack, house: House, mutant: str) -> None:
    """The fault is planted below the service, as a trigger of its database, and taken away again."""
    service, table, moment, fault = MUTANTS[mutant]
    house.quiesce()
    house.run(
        _as_owner(
            stack,
            service,
            f"""CREATE FUNCTION mutant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {fault} END $$;
            CREATE TRIGGER mutant {moment} ON {table} FOR EACH ROW EXECUTE FUNCTION mutant()""",
        )
    )
    try:
        # A history that failed is told again, and a house with a fault may go another way then.
        with pytest.raises((AssertionError, ExceptionGroup, Flaky)):
            run(house, HISTORIES, STEPS)  # the first that finds it is the last
    finally:
        house.run(_as_owner(stack, service, f"DROP TRIGGER mutant ON {table}; DROP FUNCTION mutant()"))
