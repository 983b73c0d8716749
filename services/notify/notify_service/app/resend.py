"""Send again what a person has looked at."""

from __future__ import annotations

from uuid import UUID

from notify_service.app.compose import Desk
from notify_service.app.ports import Channels, Notifications, Subscriptions
from notify_service.domain.errors import NotConnected, NotificationNotFound, NotResendable, StillIncomplete
from notify_service.domain.message import render
from notify_service.domain.notification import RESENDABLE, Notification


async def resend(
    notification_id: UUID, notifications: Notifications, subscriptions: Subscriptions, channels: Channels, *, desk: Desk
) -> Notification:
    """Make an exhausted, held or uncertain notification pending again, filled anew when values were missing."""
    found = await notifications.get(notification_id)
    if found is None:
        raise NotificationNotFound(id=notification_id)
    if found.state not in RESENDABLE:
        raise NotResendable(state=found.state, allowed=[])
    channel = await channels.get(found.channel)
    if channel is None or not channel.connected(desk.guard.sink_url):
        raise NotConnected(code=found.channel, allowed=[])
    text = found.text
    subscription = await subscriptions.get(found.subscription)
    if found.data is not None and subscription is not None:
        template = desk.texts.template(subscription.template)
        rendered = render(template, found.data, desk.texts.words, group=channel.traits.group)
        if rendered.missing:
            raise StillIncomplete(missing=rendered.missing, allowed=[])
        text = rendered.text
    return await notifications.revive(notification_id, text)


async def acknowledge(notification_id: UUID, notifications: Notifications) -> Notification:
    """Say that a person has read it; repeating changes nothing."""
    if await notifications.get(notification_id) is None:
        raise NotificationNotFound(id=notification_id)
    return await notifications.acknowledge(notification_id)
