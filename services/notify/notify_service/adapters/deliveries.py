"""Claiming, recording and recovering sends: the channel's row is the mutex, a lease outlives a crash."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.database import Database, Transaction
from chassis.ids import uuid7
from chassis.sql import text
from notify_service.adapters.records import record
from notify_service.adapters.repositories import channel_of
from notify_service.adapters.vault import Vault
from notify_service.app.ports import Guard, Parcel, Texts
from notify_service.domain.allowance import allowance
from notify_service.domain.channel import Channel
from notify_service.domain.digest import MOST_IN_ONE, Waiting, choose, compose
from notify_service.domain.notification import State
from notify_service.domain.outcome import Outcome

LEASE = timedelta(seconds=30)  # longer than the longest send and its recording

_WAITS = "n.state = 'pending' AND n.lease IS NULL AND n.not_before <= :now AND (n.next_attempt_at <= :now OR n.probing)"
_DUE = text(f"""
SELECT s.code FROM channel_state s
WHERE s.ready_at <= :now AND s.blocked_until <= :now AND (s.lease IS NULL OR s.lease_until <= :now)
  AND (s.lease IS NOT NULL OR EXISTS (SELECT 1 FROM notification n WHERE n.channel = s.code AND {_WAITS}))
ORDER BY s.code
""")  # noqa: S608
_CHANNEL = text("""
SELECT c.code, c.kind, c.name, c.url, c.sealed_url, c.sealed_secret, c.per_minute, c.active, c.quiet_from, c.quiet_to,
  c.version, s.sent_times, s.lease, s.ready_at, s.blocked_until, s.lease_until
FROM channel c JOIN channel_state s USING (code) WHERE c.code = :code FOR NO KEY UPDATE OF s SKIP LOCKED
""")
_INTERRUPTED = text("""
UPDATE notification SET lease = NULL, state = :state, reason = :reason, last_error = :error WHERE lease = :lease
""")
_EXPIRE = text("""
UPDATE notification SET state = 'expired', reason = 'TOO_OLD'
WHERE channel = :code AND state = 'pending' AND lease IS NULL AND expires_at <= :now
""")
_WAITING = text(f"""
SELECT n.id, n.event_id, n.event_type, n.text, coalesce(nullif(n.address, ''), n.recipient) AS recipient,
  n.occurred_at, n.traceparent, n.event, n.quiet_until IS NOT NULL AS rested
FROM notification n WHERE n.channel = :code AND {_WAITS} ORDER BY n.id LIMIT :limit FOR NO KEY UPDATE
""")  # noqa: S608
_HOLD = text("""
UPDATE notification SET state = 'held', reason = 'CHANNEL_NOT_CONNECTED' WHERE id = ANY(CAST(:ids AS uuid[]))
""")
_REST = text("UPDATE channel_state SET ready_at = :ready_at, lease = NULL, lease_until = NULL WHERE code = :code")
_LEASE = text("""
UPDATE channel_state SET lease = :lease, lease_until = :until, sent_times = CAST(:sent AS timestamptz[]) WHERE code = :code
""")
_TAKE = text("UPDATE notification SET lease = :lease WHERE id = ANY(CAST(:ids AS uuid[]))")


class SqlDeliveries:
    """Deliveries over Postgres; safe with any number of replicas."""

    def __init__(self, database: Database, vault: Vault, *, texts: Texts, guard: Guard, zone: ZoneInfo) -> None:
        self._database = database
        self._vault = vault
        self._texts = texts
        self._guard = guard
        self._zone = zone

    async def due_channels(self) -> list[str]:
        """Return the channels with something to send now, or with a send that was interrupted."""
        async with self._database.read(patient=True) as connection:
            return list((await connection.execute(_DUE, {"now": self._database.clock.now()})).scalars())

    async def claim(self, channel: str) -> Parcel | None:
        """Take what may leave next and lease the channel; None when nothing may."""
        async with self._database.transaction(who="notify") as unit:
            row = (await unit.execute(_CHANNEL, {"code": channel})).one_or_none()
            if row is None or (row.lease is not None and row.lease_until > unit.now):
                return None
            target = channel_of(row, self._vault)
            if row.lease is not None:
                await self._recover(unit, target, row.lease)
            if max(row.ready_at, row.blocked_until) > unit.now:
                return None
            return await self._take(unit, target, row.sent_times)

    async def _recover(self, unit: Transaction, channel: Channel, lease: UUID) -> None:
        """A sender died between its claim and its record: nobody knows whether the message arrived."""
        asks = channel.for_customers
        state, reason = (State.UNCERTAIN, "INTERRUPTED") if asks else (State.PENDING, "")
        values = {"lease": lease, "state": state, "reason": reason, "error": "interrupted while sending"}
        await unit.execute(_INTERRUPTED, values)
        await unit.execute(_REST, {"code": channel.code, "ready_at": unit.now})

    async def _take(self, unit: Transaction, channel: Channel, sent: Sequence[datetime]) -> Parcel | None:
        await unit.execute(_EXPIRE, {"code": channel.code, "now": unit.now})
        connected = channel.connected(self._guard.sink_url)
        alone = connected and not channel.digests  # then only the oldest leaves, whatever waits behind it
        waiting = await self._waiting(unit, channel, 1 if alone else MOST_IN_ONE)
        if not waiting:
            return None
        if not connected:
            await unit.execute(_HOLD, {"ids": [entry.id for entry in waiting]})
            return None
        may = allowance(sent, channel.rate, unit.now)
        if not may.now:
            await unit.execute(_REST, {"code": channel.code, "ready_at": may.ready_at})
            return None
        chosen, words = compose(
            choose(waiting, merges=channel.digests, tight=may.tight), limit=channel.traits.text_bytes, now=unit.now,
            zone=self._zone, words=self._texts.digest, plain=not channel.digests,
        )  # fmt: skip
        return await self._lease(unit, channel, chosen, words, sent=(*may.recent, unit.now))

    async def _waiting(self, unit: Transaction, channel: Channel, limit: int) -> list[Waiting]:
        found = await unit.execute(_WAITING, {"code": channel.code, "now": unit.now, "limit": limit})
        return [Waiting(**row) for row in found]

    async def _lease(
        self, unit: Transaction, channel: Channel, chosen: Sequence[Waiting], words: str, *, sent: Sequence[datetime]
    ) -> Parcel:
        ids = [entry.id for entry in chosen]
        lease = uuid7()  # never used before: a sender that was given up can't record over its successor
        kept = sent if channel.traits.remote else ()
        await unit.execute(_TAKE, {"lease": lease, "ids": ids})
        await unit.execute(
            _LEASE, {"code": channel.code, "lease": lease, "until": unit.now + LEASE, "sent": list(kept)}
        )
        first = chosen[0]
        return Parcel(
            id=lease, channel=channel, notification_ids=ids, event_id=first.event_id if len(ids) == 1 else lease,
            event_type=first.event_type if len(ids) == 1 else "digest", recipient=first.recipient, text=words,
            traceparent=first.traceparent, claimed_at=unit.now, event=first.event,
        )  # fmt: skip

    async def record(self, parcel: Parcel, outcome: Outcome) -> None:
        """Store what became of the parcel, once: a lease that ran out meanwhile was judged as interrupted."""
        async with self._database.transaction(who="notify", causation_id=str(parcel.event_id)) as unit:
            await record(unit, parcel, outcome, spin=random.uniform(-1, 1))  # noqa: S311  jitter
