"""The checks every service makes: its outbox, its numbered events, its parked events, its queues, its server's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chassis.broker import connect
from chassis.database import Database
from chassis.dead_letters import DeadLetters
from chassis.self_check import ATTENTION, BAD, GOOD, Check, Finding, Section, judged
from chassis.sql import Row, text

LATE = timedelta(seconds=60)  # the alarm's own limit
VERY_LATE = timedelta(minutes=10)
LONG_QUEUE, VERY_LONG_QUEUE = 1_000, 20_000
LOOK_BACK = timedelta(days=35)
_OUTBOX = text("""
SELECT subject, type, attempts, coalesce(last_error, '') AS error, occurred_at, count(*) OVER () AS total
FROM outbox WHERE occurred_at < :before ORDER BY occurred_at LIMIT 50
""")
_NUMBERS = text("""
WITH told AS (
  SELECT subject, sequence FROM event_log WHERE occurred_at > :since UNION ALL SELECT subject, sequence FROM outbox
), counted AS (SELECT subject, count(*) AS n, min(sequence) AS low, max(sequence) AS high FROM told GROUP BY subject)
SELECT c.subject, s.last - c.low + 1 AS expected, c.n AS found, count(*) OVER () AS total
FROM counted c LEFT JOIN subject_sequence s USING (subject)
WHERE c.n <> c.high - c.low + 1 OR s.last IS DISTINCT FROM c.high ORDER BY c.subject LIMIT 50
""")
_PARKED = text("""
SELECT event_id, subject, type, reason, error, attempts, dead, parked_at, count(*) OVER () AS total FROM parked
WHERE consumer = :consumer AND reason <> 'discarded' AND (dead OR reason <> 'gap' OR parked_at < :before)
ORDER BY dead DESC, parked_at LIMIT 50
""")
_SETTINGS = text("""
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name
""")


@dataclass(frozen=True)
class ChassisChecks:
    """Looks at what the chassis keeps for a service; `queue` is the one it consumes."""

    database: Database
    queue: str
    letters: DeadLetters

    def checks(self) -> Mapping[str, Check]:
        """Return the checks by code."""
        return {
            "outbox": self.outbox, "event_numbers": self.event_numbers, "parked": self.parked,
            "dead_letters": self.dead_letters, "queue": self.length, "durability": self.durability,
        }  # fmt: skip

    async def _rows(self, statement: Any, **params: Any) -> list[Row]:
        async with self.database.read() as connection:
            return list(await connection.execute(statement, params))

    async def outbox(self) -> Section:
        """Events that wait to be told for longer than a minute; bad from ten."""
        now = self.database.clock.now()
        late = await self._rows(_OUTBOX, before=now - LATE)
        state = BAD if any(row.occurred_at < now - VERY_LATE for row in late) else ATTENTION
        found = [
            Finding(row.subject, {"type": row.type, "attempts": str(row.attempts), "error": row.error}, row.occurred_at)
            for row in late
        ]
        return judged(found, state, _total(late))

    async def event_numbers(self) -> Section:
        """Subjects of the last 35 days whose events are not numbered without gap or double (no zombie, no ghost)."""
        wrong = await self._rows(_NUMBERS, since=self.database.clock.now() - LOOK_BACK)
        found = [Finding(row.subject, {"expected": str(row.expected), "found": str(row.found)}) for row in wrong]
        return judged(found, count=_total(wrong))

    async def parked(self) -> Section:
        """Events that could not be applied, and those that wait for a predecessor for longer than a minute."""
        rows = await self._rows(_PARKED, consumer=self.queue, before=self.database.clock.now() - LATE)
        state = BAD if any(row.dead for row in rows) else ATTENTION
        return judged([_parked(row) for row in rows], state, _total(rows))

    async def dead_letters(self) -> Section:
        """Messages that killed their consumer again and again."""
        total, letters = await self.letters.peek()
        found = [Finding(x.subject, {"type": x.type}, x.time, str(x.event_id)) for x in letters]
        return judged(found, BAD, total) if total else Section(GOOD)

    async def length(self) -> Section:
        """How much waits to be consumed, and whether anybody consumes."""
        async with await connect(self.letters.url, f"{self.queue}.check") as connection:
            channel = await connection.channel()
            found = (await channel.declare_queue(self.queue, passive=True)).declaration_result
        waiting, consumers = found.message_count or 0, found.consumer_count or 0
        if consumers and waiting < LONG_QUEUE:
            return Section(GOOD)
        state = ATTENTION if consumers and waiting < VERY_LONG_QUEUE else BAD
        finding = Finding(self.queue, {"waiting": str(waiting), "consumers": str(consumers)})
        return Section(state, max(1, waiting), [finding])

    async def durability(self) -> Section:
        """Settings without which a power cut loses what was acknowledged."""
        off = await self._rows(_SETTINGS)
        return judged([Finding(row.name, {"setting": row.setting}) for row in off])


def _total(rows: list[Row]) -> int:
    return rows[0].total if rows else 0


def _parked(row: Row) -> Finding:
    words = {
        "type": row.type, "reason": row.reason, "error": row.error[:300], "attempts": str(row.attempts),
        "state": "given_up" if row.dead else "waiting",
    }  # fmt: skip
    return Finding(row.subject, words, row.parked_at, str(row.event_id))
