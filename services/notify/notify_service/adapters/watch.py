"""What people must hear of: messages nobody read in time, and messages that are stuck."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from opentelemetry import metrics

from chassis.database import Database
from chassis.sql import text
from notify_service.adapters.delivery_log import SqlNotifications
from notify_service.adapters.records import tell_arrived
from notify_service.app.ports import Texts
from notify_service.domain.channel import MAILBOX_CHANNEL, OPERATIONS_CHANNEL
from notify_service.domain.message import render
from notify_service.domain.notification import NOBODY_READS, Intent, State

AT_ONCE = 100
STUCK = "stuck"
ADMINISTRATOR = "admin"
_log_size = metrics.get_meter("notify").create_gauge("notifications", description="Messages waiting or stuck, by state")

_WHOLE = """id, event_id, event_type, order_number, production_order_number, subscription, channel, recipient, text, traceparent,
  occurred_at, escalate_channel, state, reason, last_error"""
_UNREAD = text(f"""
UPDATE notification SET escalate_at = NULL
WHERE id IN (SELECT id FROM notification WHERE escalate_at <= :now AND acknowledged_at IS NULL
             ORDER BY escalate_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
RETURNING {_WHOLE}
""")  # noqa: S608
_STUCK = text(f"""
UPDATE notification SET alarmed = true
WHERE id IN (SELECT id FROM notification WHERE state IN ('held', 'uncertain') AND NOT alarmed
             ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
RETURNING {_WHOLE}
""")  # noqa: S608
_COUNTS = text("""
SELECT state, count(*) AS n FROM notification WHERE state IN ('pending', 'held', 'exhausted', 'uncertain') GROUP BY state
""")


class SqlWatch:
    """Finds them, each once, with any number of replicas."""

    def __init__(self, database: Database, *, texts: Texts, zone: ZoneInfo) -> None:
        self._database = database
        self._texts = texts
        self._zone = zone

    async def look(self) -> int:
        """Queue what people must hear of; return how many messages that made."""
        async with self._database.transaction(who="notify", patient=True) as unit:
            now = {"now": unit.now, "limit": AT_ONCE}
            unread = [row for row in await unit.execute(_UNREAD, now) if row.state not in ("expired", "held")]
            found = sorted(await unit.execute(_STUCK, {"limit": AT_ONCE}), key=lambda row: row.id)
            intents = [
                *(self._passed_on(row, unit.now) for row in unread),
                *(alarm for row in found for alarm in self._alarms(row, unit.now)),
            ]
            made = await SqlNotifications(unit, unit.now).add(intents)
            tell_arrived(unit, made)
        await self._count()
        return len(made)

    async def _count(self) -> None:
        async with self._database.read(patient=True) as connection:
            found = {row.state: row.n for row in await connection.execute(_COUNTS)}
        for state in (State.PENDING, State.HELD, State.EXHAUSTED, State.UNCERTAIN):
            _log_size.set(found.get(state, 0), {"state": state})

    def _passed_on(self, row: Any, now: datetime) -> Intent:
        said = self._texts.escalated.format(text=row.text)
        return _intent(row, now, f"{row.subscription}/escalated", row.escalate_channel, said, once_key=str(row.id))

    def _alarms(self, row: Any, now: datetime) -> list[Intent]:
        """Tell operations, by their channel and in the administrator's mailbox.

        Of a channel that is not connected, or a recipient who is not there, once a day, not once a message (X59, S26).
        """
        lacking = {"last_error": row.last_error.split(",")} if row.reason == "TEMPLATE_VARIABLE_MISSING" else {}
        said = render(self._texts.stuck, {**row, **lacking}, self._texts.words, group=True).text
        about = {"CHANNEL_NOT_CONNECTED": row.channel, NOBODY_READS: f"{row.channel}/{row.recipient}"}.get(row.reason)
        once_key = f"{about} {now.astimezone(self._zone):%Y-%m-%d}" if about else str(row.id)
        kept = replace(
            _intent(row, now, STUCK, MAILBOX_CHANNEL, said, once_key=once_key),
            recipient=ADMINISTRATOR, mailbox=True, state=State.SENT, sent_at=now,
        )  # fmt: skip
        if row.channel == OPERATIONS_CHANNEL:  # it can't tell of itself
            return [kept]
        return [_intent(row, now, STUCK, OPERATIONS_CHANNEL, said, once_key=once_key), kept]


def _intent(row: Any, now: datetime, subscription: str, channel: str, said: str, *, once_key: str) -> Intent:
    recipient = channel if subscription == STUCK else row.recipient
    return Intent(
        event_id=row.id, event_type=row.event_type, order_number=row.order_number,
        production_order_number=row.production_order_number, subscription=subscription, channel=channel,
        recipient=recipient, once_key=once_key, state=State.PENDING, text=said, occurred_at=now,
        not_before=now, traceparent=row.traceparent,
    )  # fmt: skip
