"""Events of planning and order: what to hold, what may be received and shipped.

Every handler first locks the balances the whole batch will touch, in item order (`prepare` finds them before the
transaction): batches and commands then never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from google.protobuf.message import Message
from orderhub.order.v1 import events_pb2 as order_pb
from orderhub.planning.v1 import events_pb2 as planning_pb

from chassis.database import Database, Transaction
from chassis.events import Incoming
from chassis.inbox import Handler
from inventory_service.adapters.touched import Touched
from inventory_service.adapters.warehouse import Warehouses
from inventory_service.app.follow_order import cancel_order, change_order, confirm_order, move_order
from inventory_service.app.follow_production import end_production_order, follow_inspection
from inventory_service.app.hold_back import hold_back_safety_stock
from inventory_service.app.ports import Warehouse
from inventory_service.app.reserve_components import reserve_components
from inventory_service.entrypoints import read_events as read

_batch: ContextVar[frozenset[str]] = ContextVar("batch", default=frozenset())


@dataclass(frozen=True)
class EventsIn:
    """Handlers by event type."""

    database: Database
    warehouses: Warehouses

    async def prepare(self, events: Sequence[Incoming]) -> None:
        """Find the items a batch touches."""
        _batch.set(frozenset(await Touched(self.database).by(events)))

    def handlers(self) -> Mapping[type[Message], Handler]:
        """Return which handler takes which event."""
        return {
            planning_pb.ItemChanged: self.item_changed,
            planning_pb.OrderPlanned: self.order_planned,
            planning_pb.ProductionOrderCreated: self.production_order_created,
            planning_pb.InspectionRequested: self.inspection_requested,
            planning_pb.InspectionRecorded: self.inspection_recorded,
            planning_pb.ProductionOrderCancelled: self.production_order_ended,
            planning_pb.ProductionOrderCompleted: self.production_order_completed,
            order_pb.OrderConfirmed: self.order_confirmed,
            order_pb.OrderChanged: self.order_changed,
            order_pb.OrderCancelled: self.order_cancelled,
            order_pb.OrderHeld: self.order_held,
            order_pb.OrderResumed: self.order_resumed,
        }

    async def _house(self, unit: Transaction) -> Warehouse:
        house = self.warehouses.of(unit)
        items = _batch.get()
        if items:
            await house.stock.lock(items)
            _batch.set(frozenset())
        return house

    async def item_changed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        item = read.item(event.parse(planning_pb.ItemChanged))
        if await house.items.learn([item]):
            await hold_back_safety_stock(house, item.code, item.safety_stock, str(event.event_id))

    async def order_planned(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        message = event.parse(planning_pb.OrderPlanned)
        asked, orders = read.asked_lines(message, event.traceparent), read.receivables(message, event.traceparent)
        await reserve_components(house, message.order_number, asked, orders, str(event.event_id))

    async def production_order_created(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        created = read.created(event.parse(planning_pb.ProductionOrderCreated), event.traceparent)
        await house.receivables.learn([created])

    async def inspection_requested(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        asked = read.inspection_requested(event.parse(planning_pb.InspectionRequested), event.traceparent)
        await house.receivables.learn([asked])

    async def inspection_recorded(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        recorded = read.inspection_recorded(event.parse(planning_pb.InspectionRecorded), event.traceparent)
        await follow_inspection(house, recorded, str(event.event_id))

    async def production_order_ended(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        message = event.parse(planning_pb.ProductionOrderCancelled)
        ended = read.ended(message, event.traceparent)
        await end_production_order(house, ended, message.reason, str(event.event_id))

    async def production_order_completed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        completed = read.completed(event.parse(planning_pb.ProductionOrderCompleted), event.traceparent)
        await end_production_order(house, completed, "completed", str(event.event_id))

    async def order_confirmed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        await confirm_order(house, read.confirmed(event.parse(order_pb.OrderConfirmed), event.traceparent))

    async def order_changed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        message = event.parse(order_pb.OrderChanged)
        await change_order(
            house, read.changed(message, event.traceparent), read.due_dates(message), str(event.event_id)
        )

    async def order_cancelled(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        message = event.parse(order_pb.OrderCancelled)
        await cancel_order(house, read.cancelled(message, event.traceparent), message.reason, str(event.event_id))

    async def order_held(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        await move_order(house, event.parse(order_pb.OrderHeld).order_number, "on_hold")

    async def order_resumed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        message = event.parse(order_pb.OrderResumed)
        await move_order(house, message.order_number, message.state or "confirmed")
