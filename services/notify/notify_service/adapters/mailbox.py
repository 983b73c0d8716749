"""Mailboxes: what is meant for a person by name or role, and what that person has read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.sql import text
from notify_service.adapters.repositories import Runs
from notify_service.domain.mailbox import Letter, Reader

COUNTED_DAYS = timedelta(days=30)
MOST_COUNTED = 1000

_LETTER = (
    "n.id, n.text, n.event_type, n.order_number, n.production_order_number, n.subscription, n.recipient, n.sent_at"
)
_MINE = "n.recipient = name AND n.mailbox AND n.state = 'sent'"
_UNREAD = """n.created_at > :since
  AND NOT EXISTS (SELECT FROM inbox_read r WHERE r.reader = :reader AND r.notification_id = n.id)"""
# Each name's newest first from the index, so that a long mailbox costs no more than a short one.
_PAGE = text(f"""
SELECT t.id, t.text, t.event_type, t.order_number, t.production_order_number, t.subscription, t.recipient, t.sent_at, r.read_at
FROM unnest(CAST(:names AS text[])) AS name CROSS JOIN LATERAL (
  SELECT {_LETTER} FROM notification n
  WHERE {_MINE} AND (CAST(:before AS uuid) IS NULL OR n.id < :before) AND (NOT :unread OR {_UNREAD})
  ORDER BY n.id DESC LIMIT :limit) t
LEFT JOIN inbox_read r ON r.reader = :reader AND r.notification_id = t.id
ORDER BY t.id DESC LIMIT :limit
""")  # noqa: S608
_COUNT = text(f"""
SELECT count(*) FROM (
  SELECT FROM unnest(CAST(:names AS text[])) AS name JOIN notification n ON {_MINE} AND {_UNREAD} LIMIT :most) t
""")  # noqa: S608
# Whoever reads first also ends the wait for somebody to read it (escalation).
_READ = text(f"""
WITH mine AS (
  SELECT n.id FROM unnest(CAST(:names AS text[])) AS name JOIN notification n ON {_MINE}
  WHERE (CAST(:one AS uuid) IS NULL OR n.id = :one) AND (CAST(:until AS uuid) IS NULL OR n.id <= :until)
    AND (CAST(:one AS uuid) IS NOT NULL OR {_UNREAD})
  ORDER BY n.id FOR NO KEY UPDATE OF n
), seen AS (
  UPDATE notification SET acknowledged_at = :now WHERE id IN (SELECT id FROM mine) AND acknowledged_at IS NULL
)
INSERT INTO inbox_read (reader, notification_id, read_at) SELECT :reader, id, :now FROM mine
ON CONFLICT DO NOTHING RETURNING notification_id
""")  # noqa: S608
_HAS = text(f"""
SELECT n.id FROM unnest(CAST(:names AS text[])) AS name JOIN notification n ON {_MINE} WHERE n.id = :one
""")  # noqa: S608


class SqlMailbox:
    """One reader's mailbox, in a transaction or on a read connection."""

    def __init__(self, runs: Runs, reader: Reader, now: datetime) -> None:
        self._runs = runs
        self._values: dict[str, Any] = {
            "reader": reader.name, "names": sorted(reader.names), "since": now - COUNTED_DAYS, "now": now,
        }  # fmt: skip

    async def page(self, before: UUID | None, limit: int, *, unread: bool) -> Sequence[Letter]:
        """Return the newest first, older than `before`."""
        found = await self._run(_PAGE, before=before, limit=limit, unread=unread)
        return [Letter(**row) for row in found]

    async def unread_count(self) -> int:
        """Return how many wait to be read, of the last 30 days and up to a thousand."""
        return int((await self._run(_COUNT, most=MOST_COUNTED)).scalar_one())

    async def has(self, one: UUID) -> bool:
        """True when the message lies in this mailbox."""
        return (await self._run(_HAS, one=one)).first() is not None

    async def mark_read(self, one: UUID | None, until: UUID | None) -> int:
        """Mark one message, or everything unread up to `until`; return how many were not read before."""
        return len((await self._run(_READ, one=one, until=until)).all())

    async def _run(self, statement: Any, **more: Any) -> Any:
        return await self._runs.execute(statement, {**self._values, **more})
