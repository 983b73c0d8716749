"""The delivery log: what was meant to be sent, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.sql import text
from notify_service.adapters.repositories import Runs
from notify_service.app.ports import Made
from notify_service.domain.notification import Intent, Notification

_COLUMNS = """id, event_id, event_type, order_number, production_order_number, subscription, channel, recipient, state, reason,
  text, attempt_count, last_error, created_at, sent_at, next_attempt_at, digest_id, acknowledged_at,
  quiet_until"""
# All of a batch in one statement; a repeated event, or a text told once already, adds nothing.
_ADD = text("""
INSERT INTO notification (id, event_id, event_type, order_number, production_order_number, subscription, channel, recipient,
  address, once_key, state, reason, text, data, traceparent, occurred_at, created_at, not_before, expires_at, next_attempt_at,
  last_error, escalate_at, escalate_channel, mailbox, sent_at, event, quiet_until)
SELECT id, event_id, event_type, order_number, production_order_number, subscription, channel, recipient,
  address, once_key, state, reason, text, data, traceparent, occurred_at, :now, not_before, expires_at, not_before,
  last_error, escalate_at, escalate_channel, mailbox, sent_at, event, quiet_until
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t (id uuid, event_id uuid, event_type text, order_number text,
  production_order_number text, subscription text, channel text, recipient text, address text, once_key text, state text,
  reason text, text text, data jsonb, traceparent text, occurred_at timestamptz, not_before timestamptz,
  expires_at timestamptz, last_error text, escalate_at timestamptz, escalate_channel text, mailbox boolean,
  sent_at timestamptz, event jsonb, quiet_until timestamptz)
ORDER BY id ON CONFLICT DO NOTHING RETURNING id
""")
_NAMES = tuple(Intent.__dataclass_fields__)
_GET = text(f"SELECT {_COLUMNS}, data FROM notification WHERE id = :id FOR NO KEY UPDATE")  # noqa: S608
_INCOMPLETE = text(f"""
SELECT {_COLUMNS}, data FROM notification
WHERE order_number = ANY(CAST(:orders AS text[])) AND order_number <> '' AND state = 'held' AND data IS NOT NULL
ORDER BY id FOR NO KEY UPDATE
""")  # noqa: S608
REVIVED = """state = 'pending', reason = '', data = NULL, attempt_count = 0, next_attempt_at = :now, not_before = :now,
  quiet_until = NULL, expires_at = NULL, probing = false, alarmed = false, lease = NULL"""
_REVIVE = text(f"UPDATE notification SET {REVIVED}, text = :text WHERE id = :id")  # noqa: S608
_RELEASE = text(f"""
UPDATE notification n SET {REVIVED.replace(":now", "t.begins").replace("quiet_until = NULL, ", "")}, text = t.text, last_error = '',
  quiet_until = CASE WHEN t.begins > :now THEN t.begins END
FROM unnest(CAST(:ids AS uuid[]), CAST(:texts AS text[]), CAST(:begins AS timestamptz[])) AS t (id, text, begins)
WHERE n.id = t.id
""")  # noqa: S608
_ACKNOWLEDGE = text("UPDATE notification SET acknowledged_at = coalesce(acknowledged_at, :now) WHERE id = :id")
# What is being sent right now keeps its lease and ends by its own outcome.
_EXPIRE_ORDERS = text("""
UPDATE notification SET state = 'expired', reason = :reason
WHERE order_number = ANY(CAST(:order_numbers AS text[])) AND order_number <> '' AND state IN ('pending', 'held')
  AND lease IS NULL
""")
_LIST = text(f"""
SELECT {_COLUMNS} FROM notification
WHERE (:order_number = '' OR order_number = :order_number) AND (:channel = '' OR channel = :channel)
  AND (:every OR state = ANY(CAST(:states AS text[])))
  AND (CAST(:before AS uuid) IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit
""")  # noqa: S608


class SqlNotifications:
    """The log inside one transaction (or, for reading, on any connection)."""

    def __init__(self, runs: Runs, now: datetime) -> None:
        self._runs = runs
        self._now = now

    async def add(self, intents: Sequence[Intent]) -> list[Made]:
        """Store the intents that are new, in their order; return those."""
        if not intents:
            return []
        made = dict(zip(sorted(uuid7() for _ in intents), intents, strict=True))
        rows = [{"id": key, **{name: getattr(intent, name) for name in _NAMES}} for key, intent in made.items()]
        values = {"rows": json.dumps(rows, default=str, ensure_ascii=False), "now": self._now}
        new = set((await self._runs.execute(_ADD, values)).scalars())
        return [Made(key, intent) for key, intent in made.items() if key in new]

    async def get(self, notification_id: UUID) -> Notification | None:
        """Return one, locked until the transaction ends."""
        row = (await self._runs.execute(_GET, {"id": notification_id})).one_or_none()
        return None if row is None else _notification(row)

    async def revive(self, notification_id: UUID, text: str) -> Notification:
        await self._runs.execute(_REVIVE, {"id": notification_id, "text": text, "now": self._now})
        return await self._again(notification_id)

    async def incomplete(self, order_numbers: Collection[str]) -> list[Notification]:
        """Return, locked, the held messages of these orders that lack something."""
        return [_notification(row) for row in await self._runs.execute(_INCOMPLETE, {"orders": sorted(order_numbers)})]

    async def release(self, texts: Mapping[UUID, str], begins: Mapping[UUID, datetime]) -> None:
        """Let messages go whose text is complete now, each from its own instant on."""
        if texts:
            values = {
                "ids": list(texts),
                "texts": list(texts.values()),
                "begins": [begins[one] for one in texts],
                "now": self._now,
            }
            await self._runs.execute(_RELEASE, values)

    async def acknowledge(self, notification_id: UUID) -> Notification:
        await self._runs.execute(_ACKNOWLEDGE, {"id": notification_id, "now": self._now})
        return await self._again(notification_id)

    async def expire_orders(self, order_numbers: Sequence[str], reason: str) -> None:
        await self._runs.execute(_EXPIRE_ORDERS, {"order_numbers": list(order_numbers), "reason": reason})

    async def page(
        self, before: UUID | None, limit: int, *, order_number: str, states: Sequence[str], channel: str
    ) -> list[Notification]:
        """Return the newest first, older than `before`; no states mean every state."""
        values = {"order_number": order_number, "states": list(states), "every": not states, "channel": channel}
        found = await self._runs.execute(_LIST, {**values, "before": before, "limit": limit})
        return [_notification(row) for row in found]

    async def _again(self, notification_id: UUID) -> Notification:
        found = await self.get(notification_id)
        assert found is not None
        return found


def _notification(row: Any) -> Notification:
    return Notification(**row)
