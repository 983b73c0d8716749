"""The notify service over a real database, with a sink that answers as robots do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.message import Message
from orderhub.notify.v1 import notify_pb2 as pb

from chassis.clock import FixedClock
from chassis.events import Incoming
from chassis.inbox import Inbox
from chassis.run import Service
from chassis.sql import text
from notify_service.app.deliver import Engine
from notify_service.entrypoints.grpc_api import NotifyApi
from notify_service.entrypoints.mailbox_api import MailboxApi
from notify_service.entrypoints.quiet_api import QuietApi
from notify_service.wiring import Settings, build
from tests.support.events import incoming
from tests.support.postgres import TestDatabases
from tests.support.trust import keys, trusted

SECRETS_KEY = "ab" * 32


@dataclass
class Sink:
    """An HTTP server that keeps what it gets; `status`, `errcode` and `silent` make it fail."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    errcode: int = 0
    silent: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    judge: Callable[[], int] | None = None  # the error code of the next answer, for a robot with a memory

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = head[0].split(" ")[1]
        self.got.append({"path": path, "headers": headers, "raw": body, "body": json.loads(body or b"{}")})
        if not self.silent:
            errcode = self.judge() if self.judge else self.errcode
            self.got[-1]["errcode"] = errcode
            answer = json.dumps({"errcode": errcode, "errmsg": "x"}).encode()
            extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            head_out = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(answer)}\r\n{extra}Connection: close\r\n\r\n"
            writer.write(head_out.encode() + answer)
            await writer.drain()
        writer.close()

    def texts(self, channel: str = "") -> list[str]:
        """Return what people would read, oldest first."""
        return [
            _text(entry["body"])
            for entry in self.got
            if entry["path"].split("?")[0].endswith(f"/{channel}" if channel else "")
        ]


def _text(body: dict[str, Any]) -> str:
    for part in (body.get("text"), body.get("content"), body.get("data")):
        if isinstance(part, str):
            return part
        if isinstance(part, dict):
            return str(part.get("content") or part.get("text"))
    return ""


@dataclass
class World:
    """One notify service, one sink, one clock."""

    service: Service
    sink: Sink
    clock: FixedClock
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def api(self) -> NotifyApi:
        return self.service.servicers[0][1]

    @property
    def mailbox(self) -> MailboxApi:
        return self.service.servicers[1][1]

    @property
    def quiet(self) -> QuietApi:
        return self.service.servicers[4][1]

    @property
    def engine(self) -> Engine:
        return self.service.loops[0].__self__  # type: ignore[attr-defined]

    def inbox(self) -> Inbox:
        return self.service.inbox()

    def event(self, message: Message, subject: str | None = None) -> Incoming:
        """Return the next event of its order, happening now."""
        service = message.DESCRIPTOR.full_name.split(".")[1]
        where = subject or f"orders/{getattr(message, 'order_number', 'x')}"
        key = f"{service} {where}"
        self.numbers[key] = self.numbers.get(key, 0) + 1
        return _at(incoming(service, where, self.numbers[key], message), self.clock.now())

    async def tell(self, *messages: Message) -> list[Incoming]:
        """Let events arrive; return them."""
        events = [self.event(message) for message in messages]
        await self.inbox().take(events)
        return events

    async def deliver(self) -> None:
        """Send everything that may be sent at this instant."""
        for channel in await self.engine.deliveries.due_channels():
            await self.engine.drain(channel)

    async def log(self, **filters: str) -> list[pb.Notification]:
        """Return the delivery log, oldest first."""
        found = await self.api.ListNotifications(pb.ListNotificationsRequest(page={"page_size": 200}, **filters), None)
        return list(reversed(found.notifications))

    async def states(self, subscription: str) -> list[str]:
        return [entry.state for entry in await self.log() if entry.subscription == subscription]


def _at(event: Incoming, now: datetime) -> Incoming:
    return Incoming(**{name: getattr(event, name) for name in Incoming.__dataclass_fields__} | {"time": now})


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 2, 14, 2, 0, tzinfo=UTC))


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Sink]:
    made = Sink()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()


@pytest_asyncio.fixture
async def settings(databases: TestDatabases, sink: Sink) -> Settings:
    url = await databases.create("notify", append_only=("delivery_attempt",))
    return Settings(
        database_url=url, amqp_url="amqp://nobody", signing_key=keys()["notify"], trusted_keys=trusted(),
        profile="test", sink_url=sink.url, secrets_key=SECRETS_KEY,
    )  # fmt: skip


@pytest_asyncio.fixture
async def house(settings: Settings, sink: Sink, clock: FixedClock) -> AsyncIterator[World]:
    """The service as it is seeded, mailboxes included."""
    service = build(settings, clock)
    yield World(service, sink, clock)
    for close in service.closers:
        await close()
    await service.database.close()


@pytest_asyncio.fixture
async def world(house: World) -> World:
    """The service with only the ways out: what the seeded mailbox subscriptions add is tested beside."""
    async with house.service.database.transaction(who="test") as unit:
        await unit.execute(
            text("UPDATE subscription SET active = false, version = version + 1 WHERE channel = 'mailbox'")
        )
    return house
