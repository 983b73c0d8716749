"""Seeded mutants of the idempotency key, of reallocation and of the webhook sender are caught; the real code is not accused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from orderhub.common.v1.common_pb2 import CommandContext
from orderhub.order.v1.order_pb2 import MoveOrderResponse

from chassis.commands import Commands
from chassis.database import Transaction
from chassis.sql import text
from inventory_service.adapters.reservations import REALLOCATE
from notify_service.adapters.egress import Egress
from tests.chaos.mutation import Plant, none
from tests.chaos.pipeline import Pipeline
from tests.service.inventory.worlds import World, Worlds, made
from tests.support import mutants
from tests.support.postgres import TestDatabases


@pytest.mark.parametrize("mutant", [none, mutants.no_unique_key], ids=["real", "no unique key"])
async def test_one_key_sent_sixteen_times_at_once_works_once(
    pipeline: Pipeline, mutant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    runs = []

    async def work(unit: Transaction) -> MoveOrderResponse:
        runs.append(1)
        await unit.execute(text("SELECT pg_sleep(0.02)"))
        return MoveOrderResponse()

    context = CommandContext(idempotency_key="k", route="POST /orders", fingerprint="f")
    commands = Commands(pipeline.producer)
    await asyncio.gather(*(commands.run(context, MoveOrderResponse, work) for _ in range(16)))

    assert (len(runs) == 1) is (mutant is none), len(runs)


@pytest_asyncio.fixture
async def worlds(databases: TestDatabases) -> AsyncIterator[Worlds]:
    made_here = Worlds(databases)
    yield made_here
    await made_here.close()


STARVING = mutants.changed(REALLOCATE, "WHERE r.is_open AND r.got < r.need", "WHERE false")
FALSE_RANK = mutants.changed(REALLOCATE, "ORDER BY r.planner_rank, r.urgency, r.due_date, r.seq", "ORDER BY r.seq DESC")


@pytest.mark.parametrize(
    ("sql", "right"),
    [(REALLOCATE, True), (STARVING, False), (FALSE_RANK, False)],
    ids=["real", "no reallocation", "wrong order"],
)
async def test_arriving_stock_goes_to_who_waits_longest(worlds: Worlds, sql: str, right: bool) -> None:
    world: World = await worlds.make(reallocate_sql=sql)
    for order in ("SO1", "SO2"):
        await world.planned(order, made(f"PO-{order}", "A", "1", ("X", "4")))

    await world.move("receipt", ("X", "4"))

    held = {
        row["order_number"]: int(row["got"])
        for row in await world.rows("SELECT order_number, got FROM reservation_line")
    }
    assert (held == {"SO1": 4, "SO2": 0}) is right, held


@pytest.mark.parametrize("follows", [False, True], ids=["real", "3xx followed"])
async def test_a_redirect_leads_a_webhook_nowhere(follows: bool) -> None:
    visited: list[str] = []
    inside = await asyncio.start_server(_answering(visited, "inside", "200 OK"), "127.0.0.1", 0)
    way_in = f"http://127.0.0.1:{inside.sockets[0].getsockname()[1]}/"
    outside = await asyncio.start_server(
        _answering(visited, "outside", f"307 Go\r\nLocation: {way_in}"), "127.0.0.1", 0
    )
    url = f"http://127.0.0.1:{outside.sockets[0].getsockname()[1]}"
    egress = Egress(url)
    egress._client.follow_redirects = egress._client.follow_redirects or follows

    await egress.post(f"{url}/hook", "webhook", {}, b"{}")
    await egress.close()
    inside.close()
    outside.close()

    assert visited == (["outside", "inside"] if follows else ["outside"])


def _answering(visited: list[str], name: str, status: str) -> Callable[..., Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        visited.append(name)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    return answer
