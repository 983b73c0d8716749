"""The database server dies and its standby takes over; later everything is put back to one instant (rows 8 and 26)."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from deploy.local import layout
from deploy.local.postgres import Postgres
from tests.chaos.accounting import LISTENERS, SERVICES
from tests.chaos.cluster import PASSWORD, Cluster, Door
from tests.chaos.conftest import needs_chaos
from tests.chaos.drill import Drill
from tests.chaos.replica import operate
from tests.chaos.test_drills import drilled
from tests.e2e.client import Api
from tests.e2e.stack import Stack, down, up
from tests.support.waiting import eventually

pytestmark = [needs_chaos, pytest.mark.timeout(900), pytest.mark.asyncio(loop_scope="module")]
PARTS = (*SERVICES, "gateway")


@dataclass
class Site:
    """A stack whose database is behind a door."""

    cluster: Cluster
    door: Door
    stack: Stack
    server: Postgres


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    home = Path(tempfile.mkdtemp(prefix="orderhub-cluster-"))
    layout.own_directory(home, layout.database_account())
    cluster = Cluster(home)
    try:
        primary = cluster.primary()
        door = Door(f"127.0.0.1:{primary.port}")
        stack = up(ORDERHUB_POSTGRES_URL=f"postgresql://postgres:{PASSWORD}@{door.proxy.address}/postgres")
        try:
            yield Site(cluster, door, stack, primary)
        finally:
            try:
                down(stack)
            finally:
                door.close()
    finally:
        cluster.close()


async def test_a_standby_takes_over_and_nothing_acknowledged_is_lost(site: Site) -> None:
    standby = site.cluster.copy(site.server, "standby", follows=True)
    site.server.run("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
    site.server.run("SELECT pg_reload_conf()")
    state = "SELECT coalesce(string_agg(sync_state, ','), '') FROM pg_stat_replication"

    async def synchronous() -> bool:
        return site.server.run(state).strip() == "quorum"

    await eventually(synchronous, within=30)

    async def weather(drill: Drill) -> None:
        began, old = time.monotonic(), site.server
        site.cluster.kill(old)
        site.server = standby
        standby.run("SELECT pg_promote()")
        site.door.lead_to(f"127.0.0.1:{standby.port}")
        took = await drill.good_weather()
        line = int(standby.run("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"), 16)
        assert line == 2  # a promoted server begins a new timeline
        drill.faults.confirmed.append(
            f"primary on port {old.port} killed, standby on port {standby.port} promoted to timeline {line}; "
            f"all kinds of commands acknowledged {took:.1f} s later, {time.monotonic() - began:.1f} s after the kill"
        )

    await drilled(site.stack, weather)


async def test_all_databases_go_back_to_one_instant_and_agree(site: Site) -> None:
    backup = site.cluster.copy(site.server, "restored", follows=False)
    drill = Drill(site.stack, seed=int(time.time()))
    async with drill.prepared():
        await go_back(site, drill, backup)


async def go_back(site: Site, drill: Drill, backup: Postgres) -> None:
    async with drill.writing():
        await drill.good_weather()
        before = {command.answer["number"] for command in drill.traffic.history.acknowledged("order")}
        until = datetime.now(UTC) + timedelta(milliseconds=50)
        await drill.good_weather()
        await drill.good_weather()
    after = {command.answer["number"] for command in drill.traffic.history.acknowledged("order")} - before
    site.server.run("SELECT pg_switch_wal()")

    began = time.monotonic()
    async with services_stopped(site, drill):
        site.server.stop()
        site.server = site.cluster.recovered(backup, until)
        site.door.lead_to(f"127.0.0.1:{site.server.port}")
    for name in SERVICES:
        since = (until - timedelta(minutes=5)).isoformat()
        print(f"  {await operate(site.stack, name, 'republish', '--since', since)}")
    await drill.at_rest()
    took = time.monotonic() - began

    api = await Api(site.stack.gateway_url).sign_in("admin", site.stack.password("admin"))
    kept = [number for number in before if (await api.call("GET", f"/orders/{number}")).status_code == 200]
    ghosts = [number for number in after if (await api.call("GET", f"/orders/{number}")).status_code == 200]
    report = await api.get("/self-check")
    wrong = {
        one["code"]: [row["text"] for row in one["rows"][:3]] for one in report["sections"] if one["state"] != "good"
    }
    started = site.server.run("SELECT pg_postmaster_start_time()").strip()
    print(f"  restored to {until.isoformat()} in {took:.1f} s (server started {started})")
    print(f"  orders acknowledged before the instant {len(before)}, found {len(kept)}, LOST {len(before) - len(kept)}")
    print(
        f"  orders acknowledged after it {len(after)}, of those still there {len(ghosts)}; self-check: {report['state']}"
    )
    assert len(kept) == len(before) > 0
    assert len(after) > len(ghosts)
    assert wrong == {}
    await api.post("/orders", drill.traffic.order(drill.traffic.factory.cable, "1", "after the restore"), expect=201)
    await api.close()


@asynccontextmanager
async def services_stopped(site: Site, drill: Drill) -> AsyncIterator[None]:
    """Stop the services as an operator does and empty the queues, which know of a future that did not happen."""
    supervisor = json.loads((site.stack.home / "parts" / "supervisor.json").read_text())["pid"]
    os.kill(supervisor, signal.SIGSTOP)
    try:
        for pid in [site.stack.pid(part) for part in PARTS]:
            os.kill(pid, signal.SIGKILL)
        await empty_the_queues(drill)
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)
    await eventually(lambda: ready(site), within=90, every=0.5)


async def empty_the_queues(drill: Drill) -> None:
    async def nobody_consumes() -> bool:
        said = await drill.faults.control("list_queues", "-p", "orderhub", "name", "consumers")
        return all(line.split("\t")[1] == "0" for line in said.splitlines() if line.split("\t")[0] in LISTENERS)

    await eventually(nobody_consumes, within=30, every=0.5)
    for queue in LISTENERS:
        await drill.faults.control("purge_queue", "-p", "orderhub", queue)


async def ready(site: Site) -> bool:
    async with httpx2.AsyncClient(trust_env=False, timeout=5) as http:
        with contextlib.suppress(httpx2.TransportError):
            return (await http.get(f"{site.stack.gateway_url}/readyz")).status_code == 200
    return False
