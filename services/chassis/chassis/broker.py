"""Connections to RabbitMQ: two per process (publish, consume), own reconnect with jitter (reliability.md 3.4)."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError, DeliveryError, PublishError
from aiormq.exceptions import ChannelInvalidStateError

from chassis.events import CONTENT_TYPE, EXCHANGE
from chassis.topology import PASSING

HEARTBEAT_SECONDS = 10
CONNECT_SECONDS = 5
PUBLISH_SECONDS = 5
LOST = (AMQPError, ChannelInvalidStateError, ConnectionError, OSError, TimeoutError, RuntimeError)


class Refused(Exception):
    """The broker took the message back: no route, or the queue is full. This event waits, others go on."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One outbox row on its way."""

    event_id: str
    type: str
    body: bytes
    traceparent: str


class Publisher(Protocol):
    """Puts one event on the exchange and returns when the broker has it; raises Refused or a LOST error."""

    async def publish(self, event: Outgoing) -> None:
        """Return when the broker has the event for good."""
        ...

    async def close(self) -> None:
        """Let the connection go; the next event opens another."""
        ...


@dataclass
class Backoff:
    """Full jitter between a floor and a growing ceiling, in seconds."""

    floor: float = 0.2
    ceiling: float = 5.0
    _tries: int = field(default=0, init=False)

    def reset(self) -> None:
        """Begin again at the floor: it went well."""
        self._tries = 0

    async def wait(self) -> None:
        """Wait for longer than the time before, within the ceiling."""
        self._tries += 1
        top = min(self.ceiling, self.floor * 2**self._tries)
        await asyncio.sleep(random.uniform(self.floor, top))  # noqa: S311  jitter, not a secret


async def connect(url: str, name: str) -> AbstractConnection:
    """Open a connection that notices a dead peer within half a minute."""
    joined = "&" if "?" in url else "?"
    return await aio_pika.connect(
        f"{url}{joined}heartbeat={HEARTBEAT_SECONDS}",
        client_properties={"connection_name": name},
        timeout=CONNECT_SECONDS,
    )


class RabbitPublisher:
    """Publishes with confirms; an unroutable event is an error, never a silent success."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._user = urlsplit(url).username  # the broker checks it against the login: nobody speaks for another
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()

    async def publish(self, event: Outgoing) -> None:
        """Return when the broker has confirmed the event; raise Refused or a LOST error."""
        exchange = await self._exchange()
        message = aio_pika.Message(
            event.body,
            content_type=CONTENT_TYPE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=event.event_id,
            type=event.type,
            headers={"traceparent": event.traceparent} if event.traceparent else {},
            user_id=self._user,
        )
        try:
            await exchange.publish(message, event.type, mandatory=event.type not in PASSING, timeout=PUBLISH_SECONDS)
        except (DeliveryError, PublishError) as error:
            raise Refused(str(error)) from error

    async def _exchange(self) -> aio_pika.abc.AbstractExchange:
        async with self._opening:
            if (
                self._channel is None
                or self._channel.is_closed
                or self._connection is None
                or self._connection.is_closed
            ):
                await self.close()
                self._connection = await connect(self._url, f"{self._name}.publish")
                self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
            return await self._channel.get_exchange(EXCHANGE, ensure=False)

    async def close(self) -> None:
        """Let the connection go; the next event opens another."""
        if self._connection is not None and not self._connection.is_closed:
            await self._connection.close()
        self._connection = self._channel = None
