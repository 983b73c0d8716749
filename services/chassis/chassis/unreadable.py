"""Messages that are no event at all: parked with their bytes, given up until somebody replays them, never dropped.

Such a message names no subject, so it is parked under a name made from its bytes; a redelivery finds itself there. Its
successors wait as for any gap. Replayed, it is read again: by then the code may know it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from opentelemetry import metrics

from chassis.database import Database
from chassis.events import Incoming, decode
from chassis.sql import text

UNREADABLE = "unreadable"
_counter = metrics.get_meter("chassis").create_counter("messages_unreadable", description="Messages that are no event")
log = structlog.get_logger()

_START = text("""
INSERT INTO subject_cursor (consumer, source, subject, sequence) VALUES (:consumer, 'unreadable', :subject, 0)
ON CONFLICT DO NOTHING
""")
_PARK = text("""
INSERT INTO parked (consumer, event_id, source, subject, sequence, type, body, reason, error, dead)
VALUES (:consumer, :id, 'unreadable', :subject, 1, :type, :body, 'unreadable', :error, true) ON CONFLICT DO NOTHING
""")
_UNPARK = text("DELETE FROM parked WHERE consumer = :consumer AND event_id = :id")
_STILL = text("""
UPDATE parked SET dead = true, attempts = attempts + 1, error = :error WHERE consumer = :consumer AND event_id = :id
""")


@dataclass(frozen=True, slots=True)
class Unread:
    """A message as it came, and why it could not be read."""

    body: bytes
    key: str  # its routing key: what it claims to be
    error: str

    @property
    def id(self) -> UUID:
        """The same for the same bytes."""
        return uuid5(NAMESPACE_OID, self.body.hex())


async def park_unread(database: Database, consumer: str, messages: Sequence[Unread]) -> None:
    """Keep them; once however often they are delivered."""
    for message in messages:
        log.error("unreadable_message", error=message.error, id=str(message.id), key=message.key)
        _counter.add(1, {"consumer": consumer})
        about = {"consumer": consumer, "subject": f"messages/{message.id}"}
        said = {"id": message.id, "type": message.key, "body": message.body, "error": message.error}
        async with database.transaction(who="") as unit:
            await unit.execute(_START, about)
            await unit.execute(_PARK, {**about, **said})


async def reread(
    database: Database, consumer: str, row: Any, take: Callable[[Sequence[Incoming]], Awaitable[None]]
) -> int:
    """Read a replayed message again and take it as if it had just come; return 1 when that went well.

    It is taken before it is let go: killed in between, it is taken again and known by its own event id.
    """
    parked = {"consumer": consumer, "id": row.event_id}
    try:
        event = decode(row.body)
    except ValueError as error:
        async with database.transaction(who="") as unit:
            await unit.execute(_STILL, {**parked, "error": str(error)})
        return 0
    await take([event])
    async with database.transaction(who="") as unit:
        await unit.execute(_UNPARK, parked)
    return 1
