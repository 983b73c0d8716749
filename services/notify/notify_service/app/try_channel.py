"""Send a test message: an intent of its own, in the log like any other."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from notify_service.app.compose import Desk
from notify_service.app.ports import Channels, Notifications
from notify_service.domain.errors import ChannelNotFound, NotConnected
from notify_service.domain.notification import Intent, Notification, State

TEST = "test"


async def try_channel(
    code: str,
    event_id: UUID,
    channels: Channels,
    notifications: Notifications,
    *,
    desk: Desk,
    now: datetime,
    trace: str,
) -> Notification:
    """Queue a test message, quiet hours or not; raise NotConnected."""
    channel = await channels.get(code)
    if channel is None:
        raise ChannelNotFound(code=code)
    if not channel.connected(desk.guard.sink_url):
        raise NotConnected(code=code, allowed=[])
    intent = Intent(
        event_id=event_id, event_type=TEST, order_number="", production_order_number="", subscription=TEST,
        channel=code, recipient=code, once_key=str(event_id), state=State.PENDING,
        text=desk.texts.test_message.format(channel=channel.name or desk.texts.words["channel"].get(code, code)),
        occurred_at=now, not_before=now, traceparent=trace,
    )  # fmt: skip
    [made] = await notifications.add([intent])
    found = await notifications.get(made.id)
    assert found is not None
    return found
