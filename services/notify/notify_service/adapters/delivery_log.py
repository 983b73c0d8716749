"""The delivery log: what was meant to be sent, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chassis.ids import uuid7
from notify_service.adapters.repositories import Runs
from notify_service.domain.notification import Intent, Notification

_COLUMNS = """id, event_id, event_type, order_number, production_order_number, subscription, channel, recipient, state, reason,
  text, attempt_count, last_error, created_at, sent_at, next_attempt_at, digest_id, acknowledged_at"""
_ADD = text("""
INSERT INTO notification (id, event_id, event_type, order_number, production_order_number, subscription, channel, recipient,
  address, once_key, state, reason, text, data, traceparent, occurred_at, created_at, not_before, expires_at, next_attempt_at,
  last_error, escalate_at, escalate_channel)
VALUES (:id, :event_id, :event_type, :order_number, :production_order_number, :subscription, :channel, :recipient,
  :address, :once_key, :state, :reason, :text, CAST(:data AS jsonb), :traceparent, :occurred_at, :created_at, :not_before, :expires_at,
  :not_before, :last_error, :escalate_at, :escalate_channel)
ON CONFLICT DO NOTHING RETURNING id
""")
_GET = text(f"SELECT {_COLUMNS}, data FROM notification WHERE id = :id FOR NO KEY UPDATE")  # noqa: S608
_REVIVE = text("""
UPDATE notification SET state = 'pending', reason = '', text = :text, data = NULL, attempt_count = 0, next_attempt_at = :now,
  not_before = :now, expires_at = NULL, probing = false, alarmed = false, lease = NULL WHERE id = :id
""")
_ACKNOWLEDGE = text("UPDATE notification SET acknowledged_at = coalesce(acknowledged_at, :now) WHERE id = :id")
# What is being sent right now keeps its lease and ends by its own outcome.
_EXPIRE_ORDER = text("""
UPDATE notification SET state = 'expired', reason = :reason
WHERE order_number = :order_number AND state IN ('pending', 'held') AND lease IS NULL
""")
_LIST = text(f"""
SELECT {_COLUMNS} FROM notification
WHERE (:order_number = '' OR order_number = :order_number) AND (:state = '' OR state = :state)
  AND (CAST(:before AS uuid) IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit
""")  # noqa: S608


class SqlNotifications:
    """The log inside one transaction (or, for reading, on any connection)."""

    def __init__(self, runs: Runs, now: datetime) -> None:
        self._runs = runs
        self._now = now

    async def add(self, intents: Sequence[Intent]) -> list[UUID]:
        """Store the intents that are new; a repeated event, or a text told once already, adds nothing."""
        made = []
        for intent in intents:
            values = {name: getattr(intent, name) for name in Intent.__dataclass_fields__}
            values |= {
                "id": uuid7(),
                "created_at": self._now,
                "data": None if intent.data is None else json.dumps(intent.data),
            }
            made += (await self._runs.execute(_ADD, values)).scalars().all()
        return made

    async def get(self, notification_id: UUID) -> Notification | None:
        """Return one, locked until the transaction ends."""
        row = (await self._runs.execute(_GET, {"id": notification_id})).one_or_none()
        return None if row is None else _notification(row)

    async def revive(self, notification_id: UUID, text: str) -> Notification:
        await self._runs.execute(_REVIVE, {"id": notification_id, "text": text, "now": self._now})
        return await self._again(notification_id)

    async def acknowledge(self, notification_id: UUID) -> Notification:
        await self._runs.execute(_ACKNOWLEDGE, {"id": notification_id, "now": self._now})
        return await self._again(notification_id)

    async def expire_order(self, order_number: str, reason: str) -> None:
        await self._runs.execute(_EXPIRE_ORDER, {"order_number": order_number, "reason": reason})

    async def page(self, order_number: str, state: str, before: UUID | None, limit: int) -> list[Notification]:
        """Return the newest first, older than `before`."""
        values = {"order_number": order_number, "state": state, "before": before, "limit": limit}
        return [_notification(row) for row in await self._runs.execute(_LIST, values)]

    async def _again(self, notification_id: UUID) -> Notification:
        found = await self.get(notification_id)
        assert found is not None
        return found


def _notification(row: Any) -> Notification:
    return Notification(**row._mapping)
