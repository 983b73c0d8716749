"""The running house as a history acts on it: REST calls one after another or at once, and a look into each database."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx2

from chassis.events import source_of
from chassis.topology import heard
from tests.e2e.client import Api, Json
from tests.e2e.stack import Stack

SERVICES = ("order", "planning", "inventory", "notify")
QUIET_WITHIN_SECONDS = 40.0
SETTLE_SECONDS = 8.0
TRIES = 4
CALM = (200, 201, 202, 400, 404, 409, 412, 422)  # anything else is a fault; 503 is asked again under the same key


@dataclass(frozen=True)
class Call:
    """One request; a POST without a key gets one of its own."""

    method: str
    path: str
    body: Json | None = None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    etag: str = ""


@dataclass
class House:
    """One stack, one administrator, one event loop."""

    stack: Stack
    loop: asyncio.AbstractEventLoop
    api: Api = field(init=False)
    databases: dict[str, asyncpg.Connection[Any]] = field(default_factory=dict)
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    stuck_before: set[str] = field(default_factory=set)  # what others left behind on this stack

    def run(self, work: Any, *, within: float = 90.0) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, within))

    def open(self) -> House:
        self.run(self._open())
        return self

    async def _open(self) -> None:
        self.api = await Api(self.stack.gateway_url).sign_in(self.stack.username("admin"), self.stack.password("admin"))
        for service in SERVICES:
            self.databases[service] = await asyncpg.connect(self.stack.facts["postgres"][service])
        try:
            await self._quiet(SETTLE_SECONDS)
        except AssertionError:
            self.stuck_before = await self._underway()

    def close(self) -> None:
        for connection in self.databases.values():
            self.run(connection.close())
        self.run(self.api.close())

    def send(self, call: Call) -> httpx2.Response:
        """Send one call; what is no fault comes back."""
        return self.at_once([call])[0]

    def post(self, path: str, body: Json | None = None) -> httpx2.Response:
        return self.send(Call("POST", path, body or {}))

    def get(self, path: str) -> Json:
        found: Json = self.run(self.api.get(path))
        return found

    def at_once(self, calls: Sequence[Call]) -> list[httpx2.Response]:
        """Send calls concurrently."""

        async def together() -> list[httpx2.Response]:
            return await asyncio.gather(*(self._send(call) for call in calls))

        answers: list[httpx2.Response] = self.run(together())
        return answers

    async def _send(self, call: Call) -> httpx2.Response:
        headers = {"If_Match": call.etag} if call.etag else {}
        for _ in range(TRIES):
            answer = await self.api.call(call.method, call.path, call.body, key=call.key, **headers)
            if answer.status_code != 503:
                break
        assert answer.status_code in CALM, f"{call.method} {call.path} {call.body}: {answer.status_code} {answer.text}"
        return answer

    def rows(self, service: str, query: str, *values: Any) -> list[asyncpg.Record]:
        """Return rows of one service's database."""
        found: list[asyncpg.Record] = self.run(self.databases[service].fetch(query, *values))
        return found

    def quiesce(self) -> None:
        """Wait until every event is told and every consumer has applied what it hears (outboxes and queues are empty)."""
        self.run(self._quiet(QUIET_WITHIN_SECONDS))

    async def _quiet(self, within: float) -> None:
        deadline = self.loop.time() + within
        while left := await self._underway() - self.stuck_before:
            assert self.loop.time() < deadline, f"still on their way after {within} s: {left}"
            await asyncio.sleep(0.05)

    async def _underway(self) -> set[str]:
        """Return what is still on its way: subjects in outboxes, subjects a consumer is behind with, parked events."""
        left: set[str] = set()
        told = {name: await _told(database) for name, database in self.databases.items()}
        for service, database in self.databases.items():
            left |= {f"{service} outbox {row[0]}" for row in await database.fetch("SELECT subject FROM outbox")}
            left |= {f"{service} parked {row[0]}" for row in await database.fetch("SELECT event_id FROM parked")}
            applied = dict(await database.fetch("SELECT source || ' ' || subject, sequence FROM subject_cursor"))
            for source, subjects in told.items():
                if heard(f"{service}.events", source_of(source)):
                    left |= {
                        f"{source} -> {service} {subject}"
                        for subject, last in subjects.items()
                        if applied.get(f"{source_of(source)} {subject}", 0) < last
                    }
        return left


async def _told(database: asyncpg.Connection[Any]) -> dict[str, int]:
    return dict(await database.fetch("SELECT subject, last FROM subject_sequence"))
