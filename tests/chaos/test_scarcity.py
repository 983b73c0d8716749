"""Something runs short under load: the gateway's patience, file descriptors, agreement about the time (reliability rows 13, 18, 23)."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import httpx2
import pytest

from tests.chaos.conftest import needs_chaos
from tests.chaos.drill import Drill
from tests.chaos.leaving import leave
from tests.chaos.replica import another_gateway, instead_of
from tests.chaos.test_drills import drilled
from tests.e2e.client import Api, Json
from tests.e2e.stack import Stack
from tests.support.waiting import eventually

pytestmark = [needs_chaos, pytest.mark.timeout(900)]
SPIKE, AT_ONCE, A_SECOND = 1000, 40, "10"
PATIENCE_SECONDS = 60.0  # a busy box shall not look like a lost answer
SHORT_SECONDS = 8.0
ADRIFT = ("-45s", "+45s")  # within the leeway of a signed minute
SLACK_SECONDS = 15.0  # an event may wait for its relay
UNANSWERED_SECONDS = 3.0
MOST_CALLERS = 300
QUESTION = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))  # and empty settings
FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


async def test_a_spike_of_one_caller_is_shed_and_the_others_do_not_feel_it(stack: Stack) -> None:
    statuses: Counter[int] = Counter()
    accepted: list[str] = []

    async def weather(drill: Drill) -> None:
        async with another_gateway(stack, ORDERHUB_REQUESTS_PER_SECOND=A_SECOND) as url:
            straight, drill.traffic.api = drill.traffic.api, Api(url, drill.traffic.api.token)
            caller = await Api(url).sign_in(stack.username("sales"), stack.password("sales"))
            caller.http.timeout = httpx2.Timeout(PATIENCE_SECONDS)
            body, gate = drill.traffic.order(drill.traffic.factory.cable, "1", "spike"), asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(*(_order(caller, body, gate, statuses, accepted) for _ in range(SPIKE)))
            took = await drill.good_weather()
            drill.faults.confirmed.append(
                f"spike: {SPIKE} orders, {AT_ONCE} at once, answered {dict(statuses)}; "
                f"all kinds of others' commands acknowledged within {took:.1f} s"
            )
            await leave("the caller", caller.close())
            await leave("the other gateway's client", drill.traffic.api.close())
            drill.traffic.api = straight

    await drilled(stack, weather)

    assert statuses[429] > 0
    assert statuses.keys() <= {201, 429, 503}
    assert len(accepted) == len(set(accepted)) == statuses[201] > 0


async def _order(caller: Api, body: Json, gate: asyncio.Semaphore, statuses: Counter[int], accepted: list[str]) -> None:
    async with gate:
        answer = await caller.call("POST", "/orders", body)
    statuses[answer.status_code] += 1
    if answer.status_code == 201:
        accepted.append(answer.json()["number"])
    else:
        assert "Retry-After" in answer.headers


@pytest.mark.parametrize("part", ["gateway", "order", "inventory"])
async def test_a_part_without_file_descriptors_recovers_when_it_gets_some(stack: Stack, part: str) -> None:
    async def weather(drill: Drill) -> None:
        async with without_descriptors(drill, part):
            await asyncio.sleep(SHORT_SECONDS)
        took = await drill.good_weather()
        drill.faults.confirmed[-1] += f"; all kinds of commands acknowledged {took:.1f} s after there were some"

    await drilled(stack, weather)


@asynccontextmanager
async def without_descriptors(drill: Drill, part: str) -> AsyncIterator[None]:
    """Let a part open nothing more; confirmed by the kernel's word for its limit and by what it holds."""
    pid = drill.stack.pid(part)
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    held = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (held, hard))
    try:
        assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] == held
        taken = await callers_taken(drill.stack, part)
        drill.faults.confirmed.append(
            f"{part}: pid {pid} may open nothing beside the {held} descriptors it holds; "
            f"it took {taken} callers more, the next one was not answered"
        )
        yield
    finally:
        if drill.stack.pid(part) == pid:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("shift", ADRIFT)
async def test_a_service_whose_clock_is_wrong_does_no_harm(stack: Stack, shift: str) -> None:
    assert FAKETIME is not None, "Debian's package libfaketime gives one process a clock of its own"
    settings = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    async def weather(drill: Drill) -> None:
        async with instead_of(stack, "planning", settings) as running:
            took = await drill.good_weather()
            off = await eventually(lambda: _written_off(stack, float(shift.rstrip("s"))), within=30, every=0.5)
            drill.faults.confirmed.append(
                f"planning: pid {running.pid} ran {shift} beside the others' time, {off} of its events say so; "
                f"working after {took:.1f} s"
            )
        await drill.good_weather()

    await drilled(stack, weather)

    backwards = "SELECT count(*) FROM operation WHERE last_report_at < started_at"
    assert await eventually(lambda: _counted(stack, backwards), within=5) == "0"


async def callers_taken(stack: Stack, part: str) -> int:
    """Call until one is not answered, and hold the line meanwhile; return how many were. Fails where all are."""
    facts = stack.facts["services"][part]
    address, words = (facts["grpc"], PREFACE) if facts["grpc"] else (stack.gateway_url.split("//")[1], QUESTION)
    held: list[asyncio.StreamWriter] = []
    try:
        while len(held) < MOST_CALLERS:
            if not await _answered(address, words, held):
                return len(held) - 1
    finally:
        for writer in held:
            writer.close()
    raise AssertionError(f"{part} answered {MOST_CALLERS} callers: it has descriptors")


async def _answered(address: str, words: bytes, held: list[asyncio.StreamWriter]) -> bool:
    host, port = address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    held.append(writer)
    with suppress(TimeoutError, OSError):
        writer.write(words)
        return bool(await asyncio.wait_for(reader.read(1), UNANSWERED_SECONDS))
    return False


async def _written_off(stack: Stack, shift: float) -> int:
    """Return how many events of planning happened, by its own clock, as far from the database's time as it was set."""
    away = "extract(epoch FROM occurred_at - published_at)"
    query = f"SELECT count(*) FROM event_log WHERE {away} BETWEEN {shift - SLACK_SECONDS} AND {shift + SLACK_SECONDS}"
    return int(await _counted(stack, query))


async def _counted(stack: Stack, query: str) -> str:
    connection = await asyncpg.connect(stack.facts["postgres"]["planning"], timeout=5)
    try:
        return str(await connection.fetchval(query))
    finally:
        await connection.close()
