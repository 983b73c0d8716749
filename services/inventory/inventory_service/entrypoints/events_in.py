"""Events of planning and order: what to hold, what may be received and shipped.

Every handler first locks the balances the whole batch will touch, in item order (`prepare` finds them before the
transaction): batches and commands then never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from google.protobuf.message import Message
from orderhub.order.v1 import events_pb2 as order_pb
from orderhub.planning.v1 import events_pb2 as planning_pb

from chassis.database import Database, Transaction
from chassis.events import Incoming
from chassis.inbox import Handler
from inventory_service.adapters.touched import Touched
from inventory_service.adapters.warehouse import Warehouses
from inventory_service.app.follow_order import cancel_order, change_order, confirm_order, move_order
from inventory_service.app.follow_production import (
    end_production_order,
    follow_inspection,
    replace_production_order,
)
from inventory_service.app.hold_back import hold_back_safety_stock
from inventory_service.app.hold_for_intent import change_intent, hold_for_intent
from inventory_service.app.ports import Warehouse
from inventory_service.app.reserve_components import Plan, reserve_components
from inventory_service.domain.production import Receivable
from inventory_service.entrypoints import read_events as read


@dataclass
class Batch:
    """Events applied in one transaction: the items they touch, and what waits to be taken over together."""

    items: set[str] = field(default_factory=set)
    plans: list[Plan] = field(default_factory=list)
    created: list[Receivable] = field(default_factory=list)
    house: Warehouse | None = None


_batch: ContextVar[Batch] = ContextVar("batch")


@dataclass(frozen=True)
class EventsIn:
    """Handlers by event type."""

    database: Database
    warehouses: Warehouses

    async def prepare(self, events: Sequence[Incoming]) -> None:
        """Find the items a batch touches; each attempt at a batch begins here."""
        _batch.set(Batch(await Touched(self.database).by(events)))

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
            order_pb.OrderSubmitted: self.order_submitted,
            order_pb.OrderConfirmed: self.order_confirmed,
            order_pb.OrderChanged: self.order_changed,
            order_pb.OrderCancelled: self.order_cancelled,
            order_pb.OrderHeld: self.order_held,
            order_pb.OrderResumed: self.order_resumed,
        }

    async def _house(self, unit: Transaction) -> Warehouse:
        """Return the warehouse of the batch, its locks taken and what waited taken over."""
        house = await self._locked(unit)
        await self._take_over(unit)
        return house

    async def _locked(self, unit: Transaction) -> Warehouse:
        batch = _batch.get()
        if batch.house is None:
            batch.house = self.warehouses.of(unit)
            await batch.house.stock.secure(batch.items)
            unit.at_end(lambda: self._take_over(unit))
        return batch.house

    async def _take_over(self, unit: Transaction) -> None:
        """Reserve what waits: plans that came together share their statements."""
        batch = _batch.get()
        plans, created = batch.plans, batch.created
        batch.plans, batch.created = [], []
        if batch.house is not None and created:
            await batch.house.receivables.learn(created)
        if batch.house is not None and plans:
            await reserve_components(batch.house, plans, unit.causation_id)

    async def item_changed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        item = read.item(event.parse(planning_pb.ItemChanged))
        if await house.items.learn([item]):
            await hold_back_safety_stock(house, item.code, item.safety_stock, str(event.event_id))

    async def order_planned(self, event: Incoming, unit: Transaction) -> None:
        house = await self._locked(unit)
        message = read.order_planned(event)
        house.tell.because(message.order_number, event.actor, str(event.event_id))
        _batch.get().plans.append(read.plan(message, event.traceparent))

    async def production_order_created(self, event: Incoming, unit: Transaction) -> None:
        await self._locked(unit)
        _batch.get().created.append(read.created(event.parse(planning_pb.ProductionOrderCreated), event.traceparent))

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
        end = replace_production_order if message.replaced else end_production_order
        await end(house, ended, message.reason, str(event.event_id))

    async def production_order_completed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        completed = read.completed(event.parse(planning_pb.ProductionOrderCompleted), event.traceparent)
        await end_production_order(house, completed, "completed", str(event.event_id))

    async def order_submitted(self, event: Incoming, unit: Transaction) -> None:
        message = event.parse(order_pb.OrderSubmitted)
        if read.is_intent(message):
            house, lines, cause = await self._house(unit), read.shippables(message.lines), str(event.event_id)
            await hold_for_intent(house, message.order_number, lines, traceparent=event.traceparent, movement_id=cause)

    async def order_confirmed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        await confirm_order(house, read.confirmed(event.parse(order_pb.OrderConfirmed), event.traceparent))

    async def order_changed(self, event: Incoming, unit: Transaction) -> None:
        house = await self._house(unit)
        message = event.parse(order_pb.OrderChanged)
        if read.is_intent(message):
            lines, cause = read.shippables(message.lines), str(event.event_id)
            await change_intent(house, message.order_number, lines, traceparent=event.traceparent, movement_id=cause)
            return
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
