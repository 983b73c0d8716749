"""The sample subscriber of docs/, run as another system would run it, killed and started again: nothing lost, nothing twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.client import Api, waits_for
from tests.e2e.factory import Factory, build
from tests.e2e.stack import ROOT, Stack

pytestmark = [pytest.mark.timeout(300)]
SCRIPT = ROOT / "docs" / "subscriber" / "subscriber.py"


async def order(api: Api, factory: Factory, stack: Stack) -> str:
    made = await api.post(
        "/orders",
        {
            "customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex,
            "due_date": str(stack.today + timedelta(days=20)), "lines": [{"item_code": factory.motor, "quantity": 1}],
        },
        expect=201,
    )  # fmt: skip
    return str(made["number"])


def told(store: Path) -> dict[str, tuple[str, int]]:
    """Return the subscriber's orders: state, and how many events reached each."""
    if not store.exists():
        return {}
    with sqlite3.connect(store) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'orders'").fetchone():
            return {}
        return {number: (state, count) for number, state, count in db.execute("SELECT number, state, told FROM orders")}


@contextmanager
def subscriber(stack: Stack, token: str, store: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(SCRIPT), "--url", stack.gateway_url, "--store", str(store), *more]
    running = subprocess.Popen(command, env={**os.environ, "ORDERHUB_TOKEN": token})
    yield running
    running.kill()
    running.wait(10)


async def test_a_subscriber_catches_up_follows_and_outlives_being_killed(stack: Stack, tmp_path: Path) -> None:
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    made = await api.post("/integrations", {"name": "sample", "scopes": ["events:read"]}, expect=201)
    factory, store = await build(api), tmp_path / "subscriber.db"
    before = await order(api, factory, stack)

    async def knows(number: str, state: str) -> bool:
        return told(store).get(number, ("", 0))[0] == state

    with subscriber(stack, made["token"], store, "--amqp", stack.amqp_url):
        await waits_for(lambda: knows(before, "submitted"), within=60)  # from the log
        live = await order(api, factory, stack)
        await waits_for(lambda: knows(live, "submitted"), within=20)  # from the exchange
    missed = await order(api, factory, stack)
    await api.post(f"/orders/{live}:cancel", {"reason": "sample"})
    assert not await knows(missed, "submitted")

    with subscriber(stack, made["token"], store, "--amqp", stack.amqp_url):
        await waits_for(lambda: knows(missed, "submitted"), within=60)
        await waits_for(lambda: knows(live, "cancelled"), within=20)
    afresh = tmp_path / "afresh.db"
    with subscriber(stack, made["token"], afresh, "--once") as once:
        assert once.wait(120) == 0

    followed, read = told(store), told(afresh)
    assert {number: followed[number] for number in (before, live, missed)} == {
        before: ("submitted", 1), live: ("cancelled", 2), missed: ("submitted", 1),
    }  # fmt: skip
    assert {number: read.get(number) for number in followed} == followed
    await api.post(f"/integrations/{made['id']}:revoke")
    await api.close()
