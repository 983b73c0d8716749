"""The live stream belongs to a session: it ends with it, and only those who may listen hear it."""

from __future__ import annotations

import asyncio

import pytest

from chassis.ids import uuid7
from chassis.principal import Principal
from gateway_service import stream
from gateway_service.gate import Identity
from tests.service.gateway.conftest import House


async def open_as_user(house: House) -> dict[str, str]:
    return {"Authorization": f"Bearer {await house.gateway_token('finance')}"}


async def ended_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], query: str = ""
) -> bool:
    """Open a stream, sign its user out while it is open, and say whether it ends instead of going on."""
    monkeypatch.setattr(stream, "KEEP_ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(stream, "STANDS_SECONDS", 0.0)
    async with asyncio.timeout(10), house.http.stream("GET", f"/stream{query}", headers=headers) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        assert answer.status_code == 200
        await house.gateway.sessions.end_all_of("finance")
        return [line async for line in lines if line.startswith("data")] == []


async def test_a_stream_ends_with_its_session(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await open_as_user(house)
    ticket = (await house.http.post("/stream/ticket", headers=await open_as_user(house))).json()["ticket"]

    assert await ended_at_once(house, monkeypatch, headers)
    assert (await house.http.get(f"/stream?ticket={ticket}")).json()["reason"] == "TICKET_SPENT"
    ticket = (await house.http.post("/stream/ticket", headers=await open_as_user(house))).json()["ticket"]
    assert await ended_at_once(house, monkeypatch, {}, f"?ticket={ticket}")


async def test_a_stream_stays_while_its_session_stands(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(stream, "STANDS_SECONDS", 0.0)
    async with house.http.stream("GET", "/stream", headers=await open_as_user(house)) as answer:
        lines = answer.aiter_lines()
        async with asyncio.timeout(10):
            quiet = [await anext(lines) for _ in range(9)]  # several times asked, several times let stay

    assert quiet.count(": keep-alive") >= 2


async def test_whom_a_stream_still_belongs_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, opened = house.gateway.gate, await house.gateway.sessions.open("finance")
    user = Identity(Principal("finance", "user", frozenset({"finance"})), opened.session)
    more = Identity(Principal("finance", "user", frozenset({"finance", "manager"})), opened.session)
    device = Identity(Principal(f"device:{uuid7()}", "device", frozenset({"device"})), "")
    before = await gate.stands(user)
    await house.gateway.sessions.end(opened.session)

    assert [before, await gate.stands(user), await gate.stands(more), await gate.stands(device)] == [True] + [False] * 3


async def test_another_system_reads_the_feed_and_not_the_stream(house: House) -> None:
    made = await house.call("POST", "/integrations", json={"name": "BI", "scopes": ["events:read"]})

    answer = await house.http.get("/stream", headers={"Authorization": f"Bearer {made.json()['token']}"})

    assert (answer.status_code, answer.json()["reason"]) == (403, "FORBIDDEN")
