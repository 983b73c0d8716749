"""What a send's outcome does to its messages and to its channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from orderhub.notify.v1 import events_pb2

from chassis.database import Transaction
from chassis.sql import text
from notify_service.app.ports import Made, Parcel
from notify_service.domain.notification import State
from notify_service.domain.outcome import Outcome, Result
from notify_service.domain.schedule import MUTE_AFTER, PROBE_AFTER, pause, retry_delay

MOST_DETAIL = 300

_LEASED = text("""
SELECT id, order_number, production_order_number, channel, subscription, recipient, mailbox, event_id, attempt_count,
  next_attempt_at, traceparent
FROM notification WHERE lease = :lease ORDER BY id FOR NO KEY UPDATE
""")
_STATE = text("SELECT lease, failures FROM channel_state WHERE code = :code FOR NO KEY UPDATE")
_FREE = text("""
UPDATE channel_state SET lease = NULL, lease_until = NULL, failures = :failures, blocked_until = :blocked_until
WHERE code = :code
""")
_DONE = text("""
UPDATE notification SET state = :state, reason = :reason, lease = NULL, probing = false, sent_at = :sent_at,
  digest_id = :digest_id, attempt_count = attempt_count + 1, last_error = :error WHERE lease = :lease
""")
_AGAIN = text("""
UPDATE notification n SET lease = NULL, probing = :probing, last_error = :error, attempt_count = t.attempts,
  next_attempt_at = t.next_at, state = t.state
FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS int[]), CAST(:times AS timestamptz[]), CAST(:states AS text[]))
  AS t (id, attempts, next_at, state)
WHERE n.id = t.id
""")
_ATTEMPTS = text("""
INSERT INTO delivery_attempt (notification_id, at, result, detail, digest_id)
SELECT id, :at, :result, :detail, :digest_id FROM unnest(CAST(:ids AS uuid[])) AS t (id)
""")


async def record(unit: Transaction, parcel: Parcel, outcome: Outcome, *, spin: float) -> None:
    """Write the outcome; nothing when the lease is no longer ours."""
    channel = (await unit.execute(_STATE, {"code": parcel.channel.code})).one()
    rows = (await unit.execute(_LEASED, {"lease": parcel.id})).all()
    if channel.lease != parcel.id or not rows:
        return
    detail = outcome.detail[:MOST_DETAIL]
    failures, blocked_until = _rest(outcome, channel.failures, parcel, unit.now)
    await unit.execute(_FREE, {"code": parcel.channel.code, "failures": failures, "blocked_until": blocked_until})
    ending = _ending(outcome, parcel)
    if ending is None:
        tried = await _try_again(unit, rows, outcome, detail, spin=spin)
    else:
        tried = await _finish(unit, rows, parcel, outcome, ending)
    digest_id = parcel.id if parcel.is_digest else None
    values = {"at": unit.now, "result": outcome.result.value, "detail": detail, "digest_id": digest_id, "ids": tried}
    await unit.execute(_ATTEMPTS, values)


async def _finish(
    unit: Transaction, rows: Sequence[Any], parcel: Parcel, outcome: Outcome, ending: tuple[State, str]
) -> list[UUID]:
    """End the messages of a parcel; return them."""
    state, reason = ending
    detail = outcome.detail[:MOST_DETAIL]
    digest_id = parcel.id if parcel.is_digest else None
    sent_at = unit.now if outcome.result is Result.DELIVERED else None
    values = {"lease": parcel.id, "state": state, "reason": reason, "digest_id": digest_id, "error": detail}
    await unit.execute(_DONE, {**values, "sent_at": sent_at})
    _tell(unit, rows, state, detail)
    return [row.id for row in rows]


def _ending(outcome: Outcome, parcel: Parcel) -> tuple[State, str] | None:
    """Return the state a message ends in and why, or None when it is to be tried again."""
    if outcome.result is Result.DELIVERED:
        return (State.DIGEST if parcel.is_digest else State.SENT), ""
    if outcome.result is Result.GONE:
        return State.EXHAUSTED, ""
    if outcome.result is Result.UNCLEAR and parcel.channel.for_customers:
        return State.UNCERTAIN, "NO_ANSWER"
    return None


def _rest(outcome: Outcome, failures: int, parcel: Parcel, now: datetime) -> tuple[int, datetime]:
    """Return the channel's failures in a row and until when it rests."""
    if outcome.result is Result.THROTTLED:
        rest = max(pause(MUTE_AFTER, failures + 1), outcome.retry_after or timedelta(0))
        return failures + 1, now + rest
    if outcome.result in (Result.DOWN, Result.UNCLEAR) and not (
        outcome.result is Result.UNCLEAR and parcel.channel.for_customers
    ):
        return failures + 1, now + pause(PROBE_AFTER, failures + 1)
    return 0, now


async def _try_again(
    unit: Transaction, rows: Sequence[Any], outcome: Outcome, detail: str, *, spin: float
) -> list[UUID]:
    """Set each message's next attempt; return those whose attempt counts: no mute, no early probe of a channel."""
    counts = outcome.result is not Result.THROTTLED
    attempts, times, states = [], [], []
    for row in rows:
        due = counts and row.next_attempt_at <= unit.now
        delay = retry_delay(row.attempt_count + 1, spin) if due else None
        attempts.append(row.attempt_count + due)
        states.append(State.EXHAUSTED if due and delay is None else State.PENDING)
        times.append(unit.now + delay if delay is not None else row.next_attempt_at)
    ids = [row.id for row in rows]
    probing = outcome.result is not Result.REFUSED
    values = {"ids": ids, "attempts": attempts, "times": times, "states": states}
    await unit.execute(_AGAIN, {**values, "probing": probing, "error": detail})
    lost = [row for row, state in zip(rows, states, strict=True) if state is State.EXHAUSTED]
    _tell(unit, lost, State.EXHAUSTED, detail)
    return [row.id for row, attempt in zip(rows, attempts, strict=True) if attempt > row.attempt_count]


def _tell(unit: Transaction, rows: Sequence[Any], state: State, detail: str) -> None:
    """Publish what the others may want to know."""
    for row in rows:
        if state in (State.SENT, State.DIGEST):
            _tell_sent(unit, row.id, row)
        elif state is State.EXHAUSTED:
            lost = events_pb2.NotificationExhausted(
                **_same(row.id, row), attempt_count=row.attempt_count + 1, last_error=detail
            )
            unit.publish(f"notifications/{row.id}", lost, trace=row.traceparent)


def tell_arrived(unit: Transaction, made: Sequence[Made]) -> None:
    """Publish what lies in a mailbox already, so that open screens can show it at once."""
    unit.actor = "notify"
    for entry in made:
        if entry.intent.state is State.SENT:
            unit.causation_id = str(entry.intent.event_id)
            _tell_sent(unit, entry.id, entry.intent)


def _tell_sent(unit: Transaction, notification_id: UUID, about: Any) -> None:
    same = _same(notification_id, about)
    sent = events_pb2.NotificationSent(**same, recipient=about.recipient, mailbox=about.mailbox)
    sent.sent_at.FromDatetime(unit.now)
    unit.publish(f"notifications/{notification_id}", sent, trace=about.traceparent)


def _same(notification_id: UUID, about: Any) -> dict[str, Any]:
    """Return what every event of a message says."""
    return {
        "notification_id": str(notification_id), "order_number": about.order_number, "channel": about.channel,
        "production_order_number": about.production_order_number, "subscription": about.subscription,
        "cause_event_id": str(about.event_id),
    }  # fmt: skip
