"""A notification: one event, one subscription, one recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class State(StrEnum):
    """`held` waits for a value or a connection, `uncertain` for a person; `sent` and `digest` arrived."""

    PENDING = "pending"
    SENT = "sent"
    DIGEST = "digest"
    EXPIRED = "expired"
    HELD = "held"
    EXHAUSTED = "exhausted"
    UNCERTAIN = "uncertain"


NOBODY_READS = "RECIPIENT_ABSENT"  # the reason of mail for a role nobody holds, or for somebody who left
RESENDABLE = (State.EXHAUSTED, State.HELD, State.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Intent:
    """A message to be sent, its text frozen when the event happened."""

    event_id: UUID
    event_type: str
    order_number: str
    production_order_number: str
    subscription: str
    channel: str
    recipient: str
    once_key: str
    state: State
    text: str
    occurred_at: datetime
    not_before: datetime
    reason: str = ""
    last_error: str = ""
    data: Mapping[str, Any] | None = None
    traceparent: str = ""
    address: str = ""
    expires_at: datetime | None = None
    escalate_at: datetime | None = None
    escalate_channel: str = ""
    mailbox: bool = False  # read inside the house; arrived as soon as it is stored
    sent_at: datetime | None = None
    quiet_until: datetime | None = None  # it waits for quiet hours to end
    event: Mapping[str, Any] | None = None  # what a receiver that is a system gets beside the text


def withdrawn(intent: Intent, order_number: str, reason: str) -> Intent:
    """Return the intent as it stands when its order is over: what has not arrived will not go."""
    if intent.order_number != order_number or intent.state not in (State.PENDING, State.HELD):
        return intent
    return replace(intent, state=State.EXPIRED, reason=reason)


@dataclass(frozen=True, slots=True)
class Notification:
    """A line of the delivery log."""

    id: UUID
    event_id: UUID
    event_type: str
    order_number: str
    production_order_number: str
    subscription: str
    channel: str
    recipient: str
    state: str
    reason: str
    text: str
    attempt_count: int
    last_error: str
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime
    digest_id: UUID | None
    acknowledged_at: datetime | None
    quiet_until: datetime | None
    data: Mapping[str, Any] | None = None
