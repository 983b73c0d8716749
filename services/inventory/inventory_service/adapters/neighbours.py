"""Asking planning and order by gRPC: what the event-fed copies lack or would refuse."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import grpc
from orderhub.order.v1 import order_pb2, order_pb2_grpc
from orderhub.planning.v1 import master_pb2, master_pb2_grpc, production_pb2, production_pb2_grpc

from chassis.errors import Remote
from chassis.grpc_client import Peer
from inventory_service.domain.item import Item
from inventory_service.domain.production import OPEN, Receivable
from inventory_service.domain.quantity import ZERO
from inventory_service.domain.shipping import OrderCopy, Shippable

DEAD_STATES = ("cancelled", "closed_short")
_MISSING = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


class Neighbours:
    """The owners of items, production orders and customer orders."""

    def __init__(self, planning: Peer, order: Peer) -> None:
        self._planning = planning
        self._order = order
        self._items = master_pb2_grpc.MasterServiceStub(planning.channel)
        self._production = production_pb2_grpc.PlanningServiceStub(planning.channel)
        self._orders = order_pb2_grpc.OrderServiceStub(order.channel)

    async def items(self, codes: Collection[str]) -> dict[str, Item]:
        """Return the items of these codes or aliases, by what was asked for; unknown ones are left out."""
        request = master_pb2.BatchGetItemsRequest(codes=sorted(codes))
        reply = await self._planning.ask(self._items.BatchGetItems, request)
        return {asked: item_of(item) for asked, item in reply.items.items()}

    async def production_order(self, name: str) -> Receivable | None:
        """Return a production order by number, id or scan code; None when planning does not know it."""
        request = production_pb2.GetProductionOrderRequest(production_order=name)
        try:
            reply = await self._planning.ask(self._production.GetProductionOrder, request)
        except Remote as error:
            if error.code in _MISSING:
                return None
            raise
        return receivable_of(reply.production_order, reply.traceparent)

    async def order(self, name: str) -> OrderCopy | None:
        """Return an order by number or id; None when the order service does not know it."""
        try:
            reply = await self._order.ask(self._orders.GetOrder, order_pb2.GetOrderRequest(order=name))
        except Remote as error:
            if error.code in _MISSING:
                return None
            raise
        return order_of(reply.order)

    async def order_states(self, numbers: Collection[str]) -> dict[str, tuple[str, datetime]]:
        """Return state and last change of these orders, by number; unknown ones are left out."""
        request = order_pb2.BatchGetOrderStatesRequest(order_numbers=sorted(numbers))
        reply = await self._order.ask(self._orders.BatchGetOrderStates, request)
        return {number: (one.state, one.updated_at.ToDatetime(tzinfo=UTC)) for number, one in reply.orders.items()}


def decimal_of(text: str) -> Decimal:
    """Return a number another service sent; empty is zero."""
    try:
        return Decimal(text or 0)
    except InvalidOperation:
        raise ValueError(f"not a number: {text!r}") from None


def item_of(item: master_pb2.Item) -> Item:
    """Translate an item of planning's."""
    units = {unit.unit: decimal_of(unit.factor) for unit in item.units}
    return Item(item.code, item.name, item.unit, item.whole_units, decimal_of(item.safety_stock), units, item.version)


def receivable_of(order: production_pb2.ProductionOrder, traceparent: str) -> Receivable:
    """Translate a production order; `good` is known once its last operation is done."""
    last = order.operations[-1] if order.operations else None
    good = decimal_of(last.good_quantity) if last is not None and last.state == "done" else None
    return Receivable(
        order.number, order.order_number, order.line_no, order.item_code, order.unit, decimal_of(order.quantity),
        order.parent_number, good, decimal_of(order.passed_quantity), decimal_of(order.scrapped_quantity), ZERO,
        order.state if order.state in DEAD_STATES else OPEN, order.id, traceparent, _picks(order),
    )  # fmt: skip


def _picks(order: production_pb2.ProductionOrder) -> tuple[tuple[str, Decimal], ...]:
    total: dict[str, Decimal] = {}
    for component in order.components:
        total[component.item_code] = total.get(component.item_code, ZERO) + decimal_of(component.required)
    return tuple(total.items())


def order_of(order: order_pb2.Order) -> OrderCopy:
    """Translate a customer order."""
    lines = tuple(
        Shippable(
            line.line_no, line.item_code, line.unit, decimal_of(line.quantity) - decimal_of(line.cancelled_quantity)
        )
        for line in order.lines
    )
    return OrderCopy(
        order.number, order.state, order.id, order.urgency, order.ship_on_receipt, order.traceparent, lines
    )
