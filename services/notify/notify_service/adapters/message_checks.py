"""The self-check's section about messages: those that wait too long, and those that never left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chassis.database import Database
from chassis.self_check import ATTENTION, BAD, Check, Finding, Section, judged
from chassis.sql import Row, text

LATE = timedelta(minutes=10)
LOOK_BACK = timedelta(days=7)
_UNSENT = text("""
SELECT id, state, channel, order_number, reason, last_error, text, created_at, count(*) OVER () AS total
FROM notification
WHERE (state = 'pending' AND not_before < :late AND created_at < :late)
   OR (state IN ('held', 'exhausted', 'uncertain') AND acknowledged_at IS NULL AND created_at > :since)
ORDER BY state IN ('exhausted', 'uncertain') DESC, created_at LIMIT 50
""")


@dataclass(frozen=True)
class MessageChecks:
    """What only notify can check."""

    database: Database

    def checks(self) -> Mapping[str, Check]:
        """Return the checks by code."""
        return {"notifications": self.unsent}

    async def unsent(self) -> Section:
        """Messages waiting for longer than ten minutes, held back, or given up in the last week."""
        now = self.database.clock.now()
        async with self.database.read() as connection:
            rows = list(await connection.execute(_UNSENT, {"late": now - LATE, "since": now - LOOK_BACK}))
        state = BAD if any(row.state in ("exhausted", "uncertain") for row in rows) else ATTENTION
        return judged([_finding(row) for row in rows], state, rows[0].total if rows else 0)


def _finding(row: Row) -> Finding:
    words = {
        "state": row.state, "channel": row.channel, "order": row.order_number, "notification": str(row.id),
        "error": (row.last_error or row.reason)[:300], "text": row.text[:120],
    }  # fmt: skip
    return Finding(row.order_number or row.channel, words, row.created_at)
