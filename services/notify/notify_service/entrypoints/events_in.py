"""Every event of the house comes by here; those somebody subscribed to become messages."""

from __future__ import annotations

from collections.abc import Callable

from chassis.database import Transaction
from chassis.events import Incoming
from chassis.inbox import Handler
from notify_service.adapters.delivery_log import SqlNotifications
from notify_service.adapters.repositories import SqlChannels, SqlSubscriptions
from notify_service.adapters.vault import Vault
from notify_service.app.compose import Cause, Desk, compose


def on_anything(desk: Desk, vault: Vault, wake: Callable[[], None]) -> Handler:
    """Return the handler of every event type; `wake` starts the delivery of what was composed."""

    async def handle(event: Incoming, unit: Transaction) -> None:
        cause = Cause(event.event_id, event.type, event.time, event.traceparent, event.data)
        made = await compose(
            cause,
            SqlSubscriptions(unit),
            SqlChannels(unit, vault),
            SqlNotifications(unit, unit.now),
            desk=desk,
            now=unit.now,
        )
        if made:
            wake()

    return handle
