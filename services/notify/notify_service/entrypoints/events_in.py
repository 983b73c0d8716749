"""Every event of the house comes by here; those somebody subscribed to become messages."""

from __future__ import annotations

from collections.abc import Callable

from chassis.database import Transaction
from chassis.events import Incoming
from chassis.inbox import Handler
from notify_service.adapters.addresses import SqlAddresses
from notify_service.adapters.delivery_log import SqlNotifications
from notify_service.adapters.repositories import SqlChannels, SqlSubscriptions
from notify_service.adapters.vault import Vault
from notify_service.app.compose import Cause, Desk, Stores, compose


def on_anything(desk: Desk, vault: Vault, wake: Callable[[], None]) -> Handler:
    """Return the handler of every event type; `wake` starts the delivery of what was composed."""

    async def handle(event: Incoming, unit: Transaction) -> None:
        cause = Cause(event.event_id, event.type, event.time, event.traceparent, event.data)
        log = SqlNotifications(unit, unit.now)
        stores = Stores(SqlSubscriptions(unit), SqlChannels(unit, vault), log, SqlAddresses(unit))
        made = await compose(cause, stores, desk=desk, now=unit.now)
        if made:
            wake()

    return handle
