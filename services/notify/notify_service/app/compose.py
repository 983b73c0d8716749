"""From events to the messages they cause; runs once for a whole batch, inside the inbox transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from notify_service.app.ports import (
    Addresses,
    ConditionFailed,
    Conditions,
    Guard,
    Made,
    Notifications,
    Rules,
    Texts,
)  # fmt: skip
from notify_service.domain.channel import FALLBACK_CHANNEL, Channel
from notify_service.domain.message import Rendered, render
from notify_service.domain.notification import NOBODY_READS, Intent, State, withdrawn
from notify_service.domain.quiet import NEVER, Hours, loud_for_all
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

    rules: Rules
    notifications: Notifications
    addresses: Addresses


@dataclass(frozen=True, slots=True)
class Desk:
    """What composing needs that is the same for every event."""

    conditions: Conditions
    texts: Texts
    guard: Guard
    zone: ZoneInfo


async def compose(causes: Sequence[Cause], stores: Stores, *, desk: Desk, now: datetime) -> list[Made]:
    """Store one intent per event, subscription and recipient; return the new ones."""
    planned: list[Intent] = []
    over: list[str] = []
    for cause in causes:
        if cause.type == CANCELLED and cause.data.get("state") == "cancelled":
            over.append(str(cause.data["order_number"]))
            planned = [withdrawn(intent, over[-1], "ORDER_CANCELLED") for intent in planned]
        planned += [
            intent
            for entry in stores.rules.of_event(cause.type)
            for intent in intents_of(cause, entry, stores.rules, desk=desk, now=now)
        ]
    if over:
        await stores.notifications.expire_orders(over, "ORDER_CANCELLED")
    return await stores.notifications.add(await _addressed(planned, stores, desk)) if planned else []


async def _addressed(planned: Sequence[Intent], stores: Stores, desk: Desk) -> list[Intent]:
    """Return the intents with their recipients' addresses; without one a message goes to those who can pass it on."""
    channels = stores.rules.channels
    asked: dict[str, set[str]] = {}
    for intent in planned:
        if channels[intent.channel].needs_address:
            asked.setdefault(channels[intent.channel].kind, set()).add(intent.recipient)
    known = {kind: await stores.addresses.of(kind, sorted(names)) for kind, names in asked.items()}
    return [_reached(intent, channels, known, desk) for intent in planned]


def _reached(
    intent: Intent, channels: Mapping[str, Channel], known: Mapping[str, Mapping[str, str]], desk: Desk
) -> Intent:
    channel = channels[intent.channel]
    if not channel.needs_address:
        return intent
    address = known[channel.kind].get(intent.recipient, "")
    if address or FALLBACK_CHANNEL not in channels:
        return replace(intent, address=address)
    return replace(intent, channel=FALLBACK_CHANNEL, text=desk.texts.forward.format(text=intent.text))


def intents_of(cause: Cause, subscription: Subscription, rules: Rules, *, desk: Desk, now: datetime) -> list[Intent]:
    """Return the messages one subscription wants of an event; none when its condition does not hold."""
    channel = rules.channels[subscription.channel]
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
        _intent(cause, subscription, rules, recipient, rendered=rendered, fault=fault, desk=desk, now=now)
        for recipient in recipients_of(subscription, cause.data)
    ]


def _intent(
    cause: Cause, subscription: Subscription, rules: Rules, recipient: str,
    *, rendered: Rendered, fault: str, desk: Desk, now: datetime,
) -> Intent:  # fmt: skip
    channel = rules.channels[subscription.channel]
    reason, error = held_because(rendered, fault, connected=channel.connected(desk.guard.sink_url))
    if not reason and channel.is_mailbox and rules.staff.lacks(recipient):
        reason, error = NOBODY_READS, recipient
    spans = () if cause.data.get("urgency") == "red" else quiet_spans(subscription, channel, rules.hours_of(recipient))
    begins = loud_for_all(now, spans, desk.zone)
    arrives = channel.is_mailbox and not reason and begins <= now  # what is read inside the house arrives at once
    hours, minutes = subscription.expire_hours, subscription.escalate_minutes
    return Intent(
        event_id=cause.event_id, event_type=cause.type,
        order_number=str(cause.data.get("order_number") or ""),
        production_order_number=str(cause.data.get("production_order_number") or ""),
        subscription=subscription.code, channel=channel.code, recipient=recipient,
        once_key=once_key(subscription, cause.data, str(cause.event_id)),
        state=State.HELD if reason else State.SENT if arrives else State.PENDING, reason=reason, last_error=error,
        text=rendered.text, data=cause.data if rendered.missing else None,
        traceparent=cause.traceparent, occurred_at=cause.occurred_at, not_before=begins, quiet_until=begins if begins > now else None,
        expires_at=cause.occurred_at + timedelta(hours=hours) if hours else None,
        escalate_at=begins + timedelta(minutes=minutes) if minutes else None,
        escalate_channel=subscription.escalate_channel, mailbox=channel.is_mailbox, sent_at=now if arrives else None,
        event=cause.data if channel.carries_event else None,
    )  # fmt: skip


def quiet_spans(subscription: Subscription, channel: Channel, own: Hours) -> tuple[Hours, ...]:
    """Return whose quiet hours a message keeps; a recipient's own leave the mailbox alone, which disturbs nobody."""
    return (
        Hours(channel.quiet_from, channel.quiet_to),
        Hours(subscription.quiet_from, subscription.quiet_to),
        NEVER if channel.is_mailbox else own,
    )


def held_because(rendered: Rendered, fault: str, *, connected: bool) -> tuple[str, str]:
    """Return the reason a message can't go yet and its detail; two empty texts when it can."""
    if fault:
        return "CONDITION_FAILED", fault
    if rendered.missing:
        return "TEMPLATE_VARIABLE_MISSING", ",".join(rendered.missing)
    return ("", "") if connected else ("CHANNEL_NOT_CONNECTED", "")
