"""What a person may do about a parked event: give it another round, or give it up for good with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from chassis.database import Database, Transaction
from chassis.errors import ChassisRefusal
from chassis.events import Incoming
from chassis.sql import Row, text

LETTER = "dead_letter"
MOST_REASON = 500
_ADMIT = (
    text("INSERT INTO inbox (consumer, event_id) VALUES (:consumer, :event_id) ON CONFLICT DO NOTHING"),
    text("""
    INSERT INTO subject_cursor (consumer, source, subject, sequence) VALUES (:consumer, :source, :subject, 0)
    ON CONFLICT DO NOTHING"""),
    text("""
    INSERT INTO parked (consumer, event_id, source, subject, sequence, type, body, reason, dead)
    VALUES (:consumer, :event_id, :source, :subject, :sequence, :type, :body, 'dead_letter', true)
    ON CONFLICT DO NOTHING"""),
)
_FIND = text(
    "SELECT event_id FROM parked WHERE consumer = :consumer AND event_id = :event_id AND reason <> 'discarded'"
)
_AGAIN = text("""
UPDATE parked SET dead = false, attempts = 0, next_at = now()
WHERE consumer = :consumer AND event_id = :event_id AND reason <> 'discarded' RETURNING *
""")
_CURSOR = text("""
SELECT c.sequence FROM subject_cursor c JOIN parked p USING (consumer, source, subject)
WHERE p.consumer = :consumer AND p.event_id = :event_id FOR NO KEY UPDATE OF c
""")
_PASS = text("""
UPDATE subject_cursor c SET sequence = greatest(c.sequence, p.sequence) FROM parked p
WHERE p.consumer = :consumer AND p.event_id = :event_id
  AND (c.consumer, c.source, c.subject) = (p.consumer, p.source, p.subject)
""")
_DISCARD = text("""
UPDATE parked SET dead = true, reason = 'discarded', error = :words
WHERE consumer = :consumer AND event_id = :event_id AND reason <> 'discarded' RETURNING *
""")
_ALL_AGAIN = text("""
UPDATE parked SET dead = false, attempts = 0, next_at = now() WHERE dead AND reason <> 'discarded' RETURNING event_id
""")
_PRESUME_DEAD = text("UPDATE parked SET dead = true WHERE consumer = :consumer AND event_id = :event_id")


class ParkedNotFound(ChassisRefusal):
    """There is no such event: it was applied, discarded, or never parked here."""

    code = grpc.StatusCode.NOT_FOUND
    reason = "PARKED_NOT_FOUND"


class WaitsForPredecessor(ChassisRefusal):
    """It only waits for an earlier event; passing over that one would lose it in silence."""

    code = grpc.StatusCode.FAILED_PRECONDITION
    reason = "PARKED_WAITS_FOR_PREDECESSOR"


class ReasonRequired(ChassisRefusal):
    """Giving an event up needs a reason in words."""

    reason = "DISCARD_REASON_REQUIRED"


@dataclass(frozen=True)
class Parked:
    """The parked events of one consumer."""

    database: Database
    consumer: str

    def _key(self, event_id: str) -> dict[str, Any]:
        try:
            return {"consumer": self.consumer, "event_id": UUID(event_id)}
        except ValueError:
            raise ParkedNotFound(id=event_id[:64]) from None

    async def has(self, event_id: str) -> bool:
        """True when the event is parked and not discarded."""
        async with self.database.read() as connection:
            return (await connection.execute(_FIND, self._key(event_id))).one_or_none() is not None

    async def admit(self, letter: Incoming) -> None:
        """Park a dead letter, given up until somebody replays it."""
        values = {
            **self._key(str(letter.event_id)), "source": letter.source, "subject": letter.subject,
            "sequence": letter.sequence, "type": letter.type, "body": letter.body,
        }  # fmt: skip
        async with self.database.transaction(who="") as unit:
            for statement in _ADMIT:
                await unit.execute(statement, values)

    async def replay(self, unit: Transaction, event_id: str) -> Row:
        """Let the retry worker take it at once, counting from nothing; raise ParkedNotFound."""
        row = (await unit.execute(_AGAIN, self._key(event_id))).one_or_none()
        if row is None:
            raise ParkedNotFound(id=event_id[:64])
        return row

    async def discard(self, unit: Transaction, event_id: str, reason: str) -> Row:
        """Pass over it for good; raise ParkedNotFound or WaitsForPredecessor."""
        words = " ".join(reason.split())[:MOST_REASON]
        if not words:
            raise ReasonRequired()
        key = self._key(event_id)
        cursor = (await unit.execute(_CURSOR, key)).scalar()
        row = (await unit.execute(_DISCARD, {**key, "words": f"{unit.actor}: {words}"})).one_or_none()
        if row is None:
            raise ParkedNotFound(id=event_id[:64])
        if cursor and row.sequence > cursor + 1:
            raise WaitsForPredecessor(id=event_id, subject=row.subject)
        await unit.execute(_PASS, key)
        return row


async def replay_all(database: Database) -> int:
    """Give everything that was given up another round; return how many events."""
    async with database.transaction(who="operator") as unit:
        return len(await unit.execute(_ALL_AGAIN))


async def presume_dead(database: Database, consumer: str, row: Row) -> None:
    """Give a letter up before it is tried: if it kills this process again, it does not do so a third time."""
    if row.reason != LETTER:
        return
    async with database.transaction(who="") as unit:
        await unit.execute(_PRESUME_DEAD, {"consumer": consumer, "event_id": row.event_id})
