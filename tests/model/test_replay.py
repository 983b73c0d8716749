"""Invariant 15 of reliability.md: telling any part of the event log again changes nothing, remembered or long forgotten."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chassis.events import source_of
from chassis.topology import BINDINGS, heard
from tests.chaos.replica import operate
from tests.e2e.stack import Stack
from tests.model.house import SERVICES, House
from tests.model.test_rest_machine import run
from tests.support.waiting import eventually

pytestmark = [pytest.mark.timeout(900)]
# What moves with the time and not with events: seals, a sender's progress, keys and notes that grow old.
BY_THE_CLOCK = {"audit_seal", "channel_state", "delivery_attempt", "idempotency", "inbox", "inbox_read"}
PLANNED = {"notification": "id, subscription, channel, order_number, text"}  # what is sent, not how far it got
BOOKS = {
    "stock_ledger",
    "stock_reserved",
    "stock_overdrawn",
    "order_states",
    "order_history",
    "event_numbers",
    "parked",
}
State = dict[str, tuple[int, str]]


async def state_of(house: House) -> State:
    """Return how many rows each table of each service has, and what they say."""
    found: State = {}
    for service, database in house.databases.items():
        for table in await tables(database):
            columns = PLANNED.get(table, "*")
            query = f"SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY t::text)), '') FROM (SELECT {columns} FROM {table}) t"
            found[f"{service}.{table}"] = tuple(await database.fetchrow(query))
    return found


async def tables(database: asyncpg.Connection[Any]) -> list[str]:
    rows = await database.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    return [row["relname"] for row in rows if row["relname"] not in BY_THE_CLOCK]


async def passed_over(stack: Stack) -> float:
    """Return how many events all services together knew already and left alone."""
    seen = 0.0
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
        for name in SERVICES:
            said = (await http.get(stack.facts["services"][name]["metrics"])).text
            families = text_string_to_metric_families(said)
            samples = [sample for family in families for sample in family.samples]
            seen += sum(
                sample.value
                for sample in samples
                if sample.name == "events_consumed_total" and sample.labels["outcome"] in ("duplicate", "stale")
            )
    return seen


async def tell_again(stack: Stack, house: House) -> int:
    """Let every service tell again what it told since the histories began; return when all of it was heard."""
    before, expected = await passed_over(stack), 0
    for name in SERVICES:
        told = int((await operate(stack, name, "republish", "--since", house.since.isoformat())).split()[1])
        expected += told * sum(heard(queue, source_of(name)) for queue in BINDINGS)

    async def all_heard() -> bool:
        return await passed_over(stack) - before >= expected

    await eventually(all_heard, within=120, every=0.2)
    return expected


async def forget(stack: Stack, house: House, service: str) -> None:
    """Forget what a service heard since, as 35 days do: what comes again then is stopped by its number alone."""
    secrets = json.loads((stack.home / "secrets.json").read_text())
    host = stack.facts["postgres"][service].rsplit("@", 1)[1]
    owner = await asyncpg.connect(f"postgresql://orderhub_{service}_owner:{secrets['owners'][service]}@{host}")
    await owner.execute("DELETE FROM inbox WHERE received_at >= $1", house.since)
    await owner.close()


def test_telling_the_log_again_changes_nothing(stack: Stack, house: House) -> None:
    run(house, 2, 14)
    house.quiesce()
    before = house.run(state_of(house))

    for forgotten in (False, True):
        for service in SERVICES if forgotten else ():
            house.run(forget(stack, house, service))
        heard_again = house.run(tell_again(stack, house), within=240)
        house.quiesce()
        after = house.run(state_of(house))
        changed = {table for table in before if before[table] != after[table]}
        print(
            f"\n{heard_again} events heard again, {'forgotten' if forgotten else 'remembered'} by the inbox: changed {changed or 'nothing'}"
        )
        assert heard_again > 0
        assert changed == set()

    report = house.get("/self-check")
    wrong = {one["code"] for one in report["sections"] if one["state"] != "good"}
    assert not wrong & BOOKS
