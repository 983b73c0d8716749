"""Every event of the house comes by here; those somebody subscribed to become messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from chassis.database import Transaction
from chassis.events import Incoming
from notify_service.adapters.addresses import SqlAddresses
from notify_service.adapters.delivery_log import SqlNotifications
from notify_service.adapters.erasure import forget_contact
from notify_service.adapters.records import tell_arrived
from notify_service.adapters.rules import KeptRules
from notify_service.adapters.shipments import SqlShipments
from notify_service.app.compose import Cause, Desk, Stores, compose
from notify_service.app.follow_shipments import filled, release


@dataclass
class Reception:
    """Takes events one by one and composes the messages of a whole batch at its end; `wake` starts their delivery."""

    desk: Desk
    rules: KeptRules
    wake: Callable[[], None]
    _heard: WeakKeyDictionary[Transaction, list[Cause]] = field(default_factory=WeakKeyDictionary)

    async def on_anything(self, event: Incoming, unit: Transaction) -> None:
        """Keep an event of any type for the end of its batch."""
        if unit not in self._heard:
            self._heard[unit] = []
            unit.at_end(lambda: self._compose(unit))
        self._heard[unit].append(Cause(event.event_id, event.type, event.time, event.traceparent, event.data))

    async def on_contact_erased(self, event: Incoming, unit: Transaction) -> None:
        """Forget a person; then it is an event like any other."""
        await forget_contact(unit, event.data["customer_id"], event.data["order_numbers"])
        await self.on_anything(event, unit)

    async def _compose(self, unit: Transaction) -> None:
        log, shipments = SqlNotifications(unit, unit.now), SqlShipments(unit, unit.now)
        rules = await self.rules.current(unit)
        causes = await filled(self._heard.pop(unit), shipments)
        made = await compose(causes, Stores(rules, log, SqlAddresses(unit)), desk=self.desk, now=unit.now)
        tell_arrived(unit, made)
        if await release(causes, shipments, log, rules, desk=self.desk, now=unit.now) or made:
            unit.after_commit(self.wake)
