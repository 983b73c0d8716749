"""A notification: one event, one subscription, one recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    data: Mapping[str, Any] | None = None
