"""From an event to the messages it causes; runs inside the inbox transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from notify_service.app.ports import (
    Addresses,
    Channels,
    ConditionFailed,
    Conditions,
    Guard,
    Notifications,
    Subscriptions,
    Texts,
)  # fmt: skip
from notify_service.domain.channel import FALLBACK_CHANNEL, Channel
from notify_service.domain.message import Rendered, render
from notify_service.domain.notification import Intent, State
from notify_service.domain.subscription import Subscription, once_key, recipients_of

OWN_EVENTS = "orderhub.notify."
CANCELLED = "orderhub.order.v1.OrderCancelled"


@dataclass(frozen=True, slots=True)
class Cause:
    """The event behind a message."""

    event_id: UUID
    type: str
    occurred_at: datetime
    traceparent: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stores:
    """What composing reads and writes, inside one transaction."""

    subscriptions: Subscriptions
    channels: Channels
    notifications: Notifications
    addresses: Addresses


@dataclass(frozen=True, slots=True)
class Desk:
    """What composing needs that is the same for every event."""

    conditions: Conditions
    texts: Texts
    guard: Guard
    zone: ZoneInfo


async def compose(cause: Cause, stores: Stores, *, desk: Desk, now: datetime) -> list[UUID]:
    """Store one intent per subscription and recipient; return the new ones."""
    if cause.type == CANCELLED and cause.data.get("state") == "cancelled":
        await stores.notifications.expire_order(str(cause.data["order_number"]), "ORDER_CANCELLED")
    wanted = await stores.subscriptions.of_event(cause.type)
    if not wanted:
        return []
    codes = {entry.channel for entry in wanted} | {FALLBACK_CHANNEL}
    known = {channel.code: channel for channel in await stores.channels.listed(codes)}
    intents = [
        intent for entry in wanted for intent in intents_of(cause, entry, known[entry.channel], desk=desk, now=now)
    ]
    reached = [await _addressed(intent, known, stores.addresses, desk) for intent in intents]
    return await stores.notifications.add(reached) if reached else []


async def _addressed(intent: Intent, known: Mapping[str, Channel], addresses: Addresses, desk: Desk) -> Intent:
    """Return the intent with its recipient's address; without one it goes to those who can pass it on."""
    channel = known[intent.channel]
    if not channel.needs_address:
        return intent
    address = (await addresses.of(channel.kind, [intent.recipient])).get(intent.recipient, "")
    if address or FALLBACK_CHANNEL not in known:
        return replace(intent, address=address)
    text = desk.texts.forward.format(text=intent.text)
    return replace(intent, channel=FALLBACK_CHANNEL, text=text)


def intents_of(
    cause: Cause, subscription: Subscription, channel: Channel, *, desk: Desk, now: datetime
) -> list[Intent]:
    """Return the messages one subscription wants of an event; none when its condition does not hold."""
    if cause.type.startswith(OWN_EVENTS) and cause.data.get("channel") == channel.code:
        return []  # a channel is never told about itself: that would not end
    try:
        if subscription.condition and not desk.conditions.holds(subscription.condition, cause.data):
            return []
        fault = ""
    except ConditionFailed as error:
        fault = str(error)
    template = desk.texts.template(subscription.template)
    rendered = render(template, cause.data, desk.texts.words, group=channel.traits.group)
    return [
        _intent(cause, subscription, channel, recipient, rendered=rendered, fault=fault, desk=desk, now=now)
        for recipient in recipients_of(subscription, cause.data)
    ]


def _intent(
    cause: Cause, subscription: Subscription, channel: Channel, recipient: str,
    *, rendered: Rendered, fault: str, desk: Desk, now: datetime,
) -> Intent:  # fmt: skip
    reason, error = held_because(rendered, fault, connected=channel.connected(desk.guard.sink_url))
    urgent = cause.data.get("urgency") == "red"
    hours, minutes = subscription.expire_hours, subscription.escalate_minutes
    return Intent(
        event_id=cause.event_id, event_type=cause.type,
        order_number=str(cause.data.get("order_number") or ""),
        production_order_number=str(cause.data.get("production_order_number") or ""),
        subscription=subscription.code, channel=channel.code, recipient=recipient,
        once_key=once_key(subscription, cause.data, str(cause.event_id)),
        state=State.HELD if reason else State.PENDING, reason=reason, last_error=error,
        text=rendered.text, data=cause.data if rendered.missing else None,
        traceparent=cause.traceparent, occurred_at=cause.occurred_at,
        not_before=now if urgent else channel.loud_at(now, desk.zone),
        expires_at=cause.occurred_at + timedelta(hours=hours) if hours else None,
        escalate_at=now + timedelta(minutes=minutes) if minutes else None,
        escalate_channel=subscription.escalate_channel,
    )  # fmt: skip


def held_because(rendered: Rendered, fault: str, *, connected: bool) -> tuple[str, str]:
    """Return the reason a message can't go yet and its detail; two empty texts when it can."""
    if fault:
        return "CONDITION_FAILED", fault
    if rendered.missing:
        return "TEMPLATE_VARIABLE_MISSING", ",".join(rendered.missing)
    return ("", "") if connected else ("CHANNEL_NOT_CONNECTED", "")
