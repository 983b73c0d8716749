"""What planning hears: inventory's holdings and goods, order's changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from orderhub.inventory.v1 import events_pb2 as inventory
from orderhub.order.v1 import events_pb2 as order

from chassis.database import Transaction
from chassis.events import Incoming
from chassis.ids import uuid7
from chassis.inbox import Handler
from planning_service.adapters.components import ComponentRows
from planning_service.adapters.messages import Messages
from planning_service.adapters.order_copies import OrderCopies
from planning_service.adapters.plans import PlanRows
from planning_service.adapters.production_orders import ProductionOrderRows
from planning_service.adapters.refusals import merge_refusals
from planning_service.app.facts import OrderFacts
from planning_service.app.follow_goods import Received, components_settled, goods_received
from planning_service.app.follow_orders import order_cancelled, order_changed
from planning_service.app.revise_plan import Foreseen, changes_of, revise_plan
from planning_service.app.tell_shortages import take_held
from planning_service.domain.component import Held
from planning_service.domain.plan import DemandLine
from planning_service.domain.priority import Urgency
from planning_service.entrypoints.grpc_previews import Previews, standing_of


async def on_components(event: Incoming, unit: Transaction) -> None:
    """ComponentsReserved, ComponentsShort, ReservationReleased: inventory says what it holds."""
    told = event.data
    words = {told.get("production_order_number", ""): [_held(line) for line in told.get("lines", ())]}
    await take_held(told["order_number"], words, ComponentRows(unit), Messages(unit), event.traceparent)


async def on_components_issued(event: Incoming, unit: Transaction) -> None:
    """Components were consumed; when nothing is left to book, the production order may complete."""
    await on_components(event, unit)
    number = event.data.get("production_order_number", "")
    if event.data.get("settled") and number:
        rows = ProductionOrderRows(unit), ComponentRows(unit), Messages(unit)
        await components_settled(number, *rows, now=unit.now)


async def on_goods_received(event: Incoming, unit: Transaction) -> None:
    """Goods of a production order came into stock."""
    told = event.parse(inventory.GoodsReceived)
    if told.production_order_number:
        at = told.received_at.ToDatetime(UTC) if told.received_at.seconds else unit.now
        rows = ProductionOrderRows(unit), ComponentRows(unit), Messages(unit)
        holdings = _holdings(event.data.get("holdings", ()))
        total = Decimal(told.received_total or "0")
        received = Received(told.order_number, told.production_order_number, total, at, holdings)
        await goods_received(received, *rows, now=unit.now, trace=event.traceparent)


async def on_order(event: Incoming, unit: Transaction) -> None:
    """OrderSubmitted, OrderConfirmed, OrderHeld, OrderResumed: keep the few facts planning shows."""
    told = event.data
    await OrderCopies(unit).keep(
        told["order_number"],
        order_id=told.get("order_id", ""),
        customer_name=told.get("customer_name", ""),
        urgency=told.get("urgency", ""),
        due_date=_day(told.get("due_date", "")),
        state=told.get("state", ""),
        traceparent=event.traceparent,
    )


async def on_order_cancelled(event: Incoming, unit: Transaction) -> None:
    """Everything not finished ends."""
    await on_order(event, unit)
    told = event.parse(order.OrderCancelled)
    rows = ProductionOrderRows(unit), ComponentRows(unit), Messages(unit)
    await order_cancelled(told.order_number, told.reason, *rows, now=unit.now)


def _held(line: Mapping[str, Any]) -> Held:
    reserved, issued, short = (Decimal(line.get(name) or "0") for name in ("reserved", "issued", "short"))
    revision = int(line.get("revision") or 0)
    return Held(int(line.get("line_no") or 0), line["item_code"], reserved, issued, short, revision)


def _holdings(told: Sequence[Mapping[str, Any]]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for holding in told:
        found[holding["production_order_number"]].append(_held(holding["line"]))
    return found


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


async def on_customer_changed(event: Incoming, unit: Transaction) -> None:
    """What a customer does not take goes with it into the one that absorbed it (S8, X25)."""
    told = event.parse(order.CustomerChanged)
    if told.merged_into:
        await merge_refusals(unit, told.customer_id, told.merged_into)


HANDLERS: Mapping[type[Message], Handler] = {
    inventory.ComponentsReserved: on_components,
    inventory.ComponentsShort: on_components,
    inventory.ReservationReleased: on_components,
    inventory.ComponentsIssued: on_components_issued,
    inventory.GoodsReceived: on_goods_received,
    order.OrderSubmitted: on_order,
    order.OrderConfirmed: on_order,
    order.OrderHeld: on_order,
    order.OrderResumed: on_order,
    order.OrderCancelled: on_order_cancelled,
    order.CustomerChanged: on_customer_changed,
}
# `prepare` and the handlers of a batch run in one task: what was worked out ahead travels beside the events.
_foreseen: ContextVar[Mapping[UUID, Foreseen]] = ContextVar("foreseen", default=MappingProxyType({}))


@dataclass(frozen=True)
class EventsIn:
    """Handlers by event type; a changed order is looked at ahead of the transaction, since that asks inventory."""

    desk: Previews

    def handlers(self) -> Mapping[type[Message], Handler]:
        """Return which handler takes which event."""
        return {**HANDLERS, order.OrderChanged: self.on_order_changed}

    async def prepare(self, events: Sequence[Incoming]) -> None:
        """Work out what changed orders will do to their plans."""
        found: dict[UUID, Foreseen] = {}
        for event in events:
            if event.type == order.OrderChanged.DESCRIPTOR.full_name:
                foreseen = await self._foresee(event)
                if foreseen is not None:
                    found[event.event_id] = foreseen
        _foreseen.set(found)

    async def on_order_changed(self, event: Incoming, unit: Transaction) -> None:
        """Urgency, due dates and quantities follow the order; rank and plan follow them (X10, X11)."""
        await on_order(event, unit)
        told = event.parse(order.OrderChanged)
        dates = {line.line_no: day for line in told.lines if (day := _day(line.due_date))}
        rows = ProductionOrderRows(unit)
        urgency = Urgency(told.urgency) if told.urgency else None
        await order_changed(told.order_number, urgency, dates, rows, Messages(unit), now=unit.now)
        foreseen = _foreseen.get().get(event.event_id)
        if foreseen is not None:
            parts = PlanRows(unit), rows, Messages(unit)
            today = self.desk.clock.today()
            facts, wanted = _facts(told, event), _wanted(told)
            await revise_plan(foreseen, facts, wanted, *parts, now=unit.now, today=today, new_id=uuid7)

    async def _foresee(self, event: Incoming) -> Foreseen | None:
        told = event.parse(order.OrderChanged)
        view = await self.desk.plan(told.order_number)
        if view is None or not view.lines:
            return None
        standing = standing_of(view)
        if not changes_of(standing, _wanted(told)):
            return None
        return await self.desk.foreseen(_facts(told, event), standing, _wanted(told))


def _wanted(told: order.OrderChanged) -> dict[int, Decimal]:
    """Return what each line wants in all: ordered less cancelled."""
    return {
        line.line_no: Decimal(line.quantity) - Decimal(line.cancelled_quantity or "0")
        for line in told.lines
        if line.quantity
    }


def _facts(told: order.OrderChanged, event: Incoming) -> OrderFacts:
    due = _day(told.due_date) or event.time.date()
    return OrderFacts(
        number=told.order_number,
        id="",
        state=told.state,
        urgency=Urgency(told.urgency or "green"),
        due_date=due,
        asked_at=event.time,
        traceparent=event.traceparent,
        customer_name=told.customer_name,
        customer_id=told.customer_id,
        allowed=(),
        lines=tuple(
            DemandLine(
                line.line_no, line.item_code, Decimal(line.quantity or "0"), _day(line.due_date) or due, line.unit
            )
            for line in told.lines
        ),
        item_names={line.line_no: line.item_name for line in told.lines},
    )
