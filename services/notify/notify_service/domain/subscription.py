"""A subscription: which event, under which condition, is told to whom, in which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from notify_service.domain.message import FIELD, Words, clean, said

MOST_RECIPIENTS = 20


@dataclass(frozen=True, slots=True)
class Subscription:
    """Editable data; `condition` is CEL over `data`, empty means always."""

    code: str
    event_type: str
    channel: str
    template: str
    condition: str = ""
    role: str = ""
    active: bool = True
    expire_hours: int = 0
    once_per: str = ""
    escalate_minutes: int = 0
    escalate_channel: str = ""
    quiet_from: time | None = None
    quiet_to: time | None = None
    version: int = 1


def recipients_of(subscription: Subscription, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return who is meant: names separated by commas, each literal or {field}; the channel itself when none is known."""
    found: list[str] = []
    for part in subscription.role.split(","):
        name = FIELD.sub(lambda match: said(match.group(1), data.get(match.group(1)), {}), part).strip()
        if name and name not in found:
            found.append(name)
    return tuple(found[:MOST_RECIPIENTS]) or (subscription.channel,)


def once_key(subscription: Subscription, data: Mapping[str, Any], event_id: str) -> str:
    """Return what makes the message the same message: the event, or what `once_per` names."""
    nothing: Words = {}
    key = FIELD.sub(lambda match: said(match.group(1), data.get(match.group(1)), nothing), subscription.once_per)
    return clean(key) or event_id
