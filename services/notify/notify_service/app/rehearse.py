"""What a subscription would say, tried on a made-up event before anybody hears it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from notify_service.app.compose import Desk
from notify_service.app.ports import Catalogue, Channels, ConditionFailed, Notifications, Subscriptions
from notify_service.app.save_subscription import judged
from notify_service.app.try_channel import TEST
from notify_service.domain.channel import Channel
from notify_service.domain.errors import ChannelNotFound, NotConnected, SubscriptionNotFound
from notify_service.domain.message import render
from notify_service.domain.notification import Intent, Notification, State
from notify_service.domain.subscription import Subscription, recipients_of


@dataclass(frozen=True, slots=True)
class Preview:
    """The text, whom it would reach, and whether the condition holds for the example."""

    text: str
    recipients: tuple[str, ...]
    matches: bool


def example_of(event_type: str, catalogue: Catalogue, examples: Mapping[str, str]) -> dict[str, Any]:
    """Return a made-up event's data: every field filled, known ones as in life."""
    return {name: _filled(name, value, examples) for name, value in (catalogue.sample(event_type) or {}).items()}


def _filled(name: str, value: Any, examples: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {inner: _filled(inner, entry, examples) for inner, entry in value.items()}
    if isinstance(value, list):
        return [_filled(name, entry, examples) for entry in value]
    return examples.get(name, value) if isinstance(value, str) else value


async def preview(
    wanted: Subscription, channels: Channels, *, quiet: tuple[str, str], catalogue: Catalogue, desk: Desk
) -> Preview:
    """Judge a subscription as if it were saved, and fill it; raise Invalid with every field error."""
    channel = await judged(
        wanted, channels, quiet=quiet, catalogue=catalogue, conditions=desk.conditions, texts=desk.texts
    )
    return _shown(wanted, channel, catalogue, desk)


def _shown(wanted: Subscription, channel: Channel, catalogue: Catalogue, desk: Desk) -> Preview:
    data = example_of(wanted.event_type, catalogue, desk.texts.examples)
    template = desk.texts.template(wanted.template)
    text = render(template, data, desk.texts.words, group=channel.traits.group).text
    try:
        matches = not wanted.condition or desk.conditions.holds(wanted.condition, data)
    except ConditionFailed:
        matches = False
    return Preview(text, recipients_of(wanted, data), matches)


async def try_subscription(
    code: str, event_id: UUID, subscriptions: Subscriptions, channels: Channels, notifications: Notifications,
    *, catalogue: Catalogue, desk: Desk, now: datetime, trace: str,
) -> Notification:  # fmt: skip
    """Send a stored subscription's message of a made-up event, marked as a test; to its first recipient."""
    subscription = await subscriptions.get(code)
    if subscription is None:
        raise SubscriptionNotFound(code=code)
    channel = await channels.get(subscription.channel)
    if channel is None:
        raise ChannelNotFound(code=subscription.channel)
    if not channel.connected(desk.guard.sink_url):
        raise NotConnected(code=channel.code, allowed=[])
    shown = _shown(subscription, channel, catalogue, desk)
    recipient = channel.code if channel.for_customers else shown.recipients[0]  # a customer is never a test
    [made] = await notifications.add([_test(event_id, channel, recipient, shown.text, desk=desk, now=now, trace=trace)])
    found = await notifications.get(made.id)
    assert found is not None
    return found


def _test(
    event_id: UUID, channel: Channel, recipient: str, said: str, *, desk: Desk, now: datetime, trace: str
) -> Intent:
    arrives = channel.is_mailbox
    return Intent(
        event_id=event_id, event_type=TEST, order_number="", production_order_number="", subscription=TEST,
        channel=channel.code, recipient=recipient, once_key=str(event_id), text=desk.texts.rehearsed.format(text=said),
        state=State.SENT if arrives else State.PENDING, occurred_at=now, not_before=now, traceparent=trace,
        mailbox=arrives, sent_at=now if arrives else None,
    )  # fmt: skip
