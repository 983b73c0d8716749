"""Dismissing and replaying in the delivery log, and what of it waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.sql import text
from notify_service.adapters.delivery_log import REVIVED, SqlNotifications
from notify_service.adapters.repositories import Runs
from notify_service.app.repair import Lost
from notify_service.domain.notification import Notification

AT_ONCE = 1000

_DISMISS = text("""
UPDATE notification SET state = 'expired', reason = 'DISMISSED', last_error = :why, lease = NULL, escalate_at = NULL
WHERE id = :id
""")
_LOST = """n.state = :state AND (:channel = '' OR n.channel = :channel) AND (:subscription = '' OR n.subscription = :subscription)
  AND (:order_number = '' OR n.order_number = :order_number)
  AND (CAST(:created_from AS timestamptz) IS NULL OR n.created_at >= :created_from)
  AND (CAST(:created_to AS timestamptz) IS NULL OR n.created_at < :created_to)"""
_REPLAY = text(f"""
UPDATE notification SET {REVIVED}
WHERE id IN (SELECT n.id FROM notification n WHERE {_LOST} AND n.data IS NULL AND n.channel = ANY(CAST(:channels AS text[]))
             ORDER BY n.id LIMIT {AT_ONCE} FOR NO KEY UPDATE)
RETURNING 1
""")  # noqa: S608
_LEFT = text(f"SELECT count(*) FROM notification n WHERE {_LOST}")  # noqa: S608
_SUMMARY = text("""
SELECT state, channel, count(*) AS n, min(created_at) AS oldest FROM notification
WHERE state IN ('pending', 'held', 'exhausted', 'uncertain') GROUP BY state, channel ORDER BY state, channel
""")
_STATES = text("""
SELECT s.code, s.failures, s.blocked_until,
  (SELECT count(*) FROM unnest(s.sent_times) AS t (at) WHERE t.at > CAST(:now AS timestamptz) - interval '1 minute') AS sent,
  (SELECT count(*) FROM notification n WHERE n.channel = s.code AND n.state = 'pending') AS waiting
FROM channel_state s WHERE s.code = ANY(CAST(:codes AS text[]))
""")


class SqlRepairs:
    """Repairs inside one transaction (or, for reading, on any connection)."""

    def __init__(self, runs: Runs, now: datetime) -> None:
        self._runs = runs
        self._now = now

    async def dismiss(self, notification_id: UUID, why: str) -> Notification:
        """End a message, with who decided and why."""
        await self._runs.execute(_DISMISS, {"id": notification_id, "why": why})
        found = await SqlNotifications(self._runs, self._now).get(notification_id)
        assert found is not None
        return found

    async def replay(self, lost: Lost, channels: Sequence[str]) -> tuple[int, int]:
        """Make complete messages of these channels pending again; return how many, and how many stay."""
        values = asdict(lost)
        revived = await self._runs.execute(_REPLAY, {**values, "channels": list(channels), "now": self._now})
        left = (await self._runs.execute(_LEFT, values)).scalar_one()
        return len(revived), int(left)

    async def summary(self) -> Sequence[Any]:
        """Return rows of state, channel, n, oldest."""
        return list(await self._runs.execute(_SUMMARY))

    async def channel_states(self, codes: Sequence[str]) -> dict[str, Any]:
        """Return, by channel, what it sent in the last minute, what waits, and whether it rests."""
        found = await self._runs.execute(_STATES, {"codes": list(codes), "now": self._now})
        return {row.code: row for row in found}
