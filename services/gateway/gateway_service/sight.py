"""What the running caller may see: a salesperson alone only their own orders.

The order service decides whose an order is; parts of it that other services tell are asked for through it first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from orderhub.inventory.v1.inventory_pb2 import GetShipmentRequest, Shipment
from orderhub.order.v1.order_pb2 import GetOrderRequest, SeeOrdersRequest
from orderhub.planning.v1.production_pb2 import GetProductionOrderRequest
from starlette.requests import Request

from chassis import principal
from chassis.errors import Remote
from chassis.principal import Principal
from gateway_service import exchange
from gateway_service.clients import Clients
from gateway_service.exchange import Exchange
from gateway_service.permissions import SALES
from gateway_service.problems import Problem
from gateway_service.stream import Change, Sight

Thing = TypeVar("Thing")
REMEMBERED = 1000
MOST_NAMED = 5
CHANGED_OWNER = "orderhub.order.v1.OrderChanged"
CUSTOMERS = ("orderhub.order.v1.CustomerChanged", "orderhub.order.v1.ContactErased")


def is_narrow(roles: Collection[str]) -> bool:
    """True for a salesperson who holds no other role."""
    return set(roles) == {SALES}


async def check_order(request: Request, running: Exchange, services: Clients) -> None:
    """Refuse as absent whatever hangs on an order the caller may not see; raise Remote."""
    if not is_narrow(running.principal.roles):
        return
    for order in sorted(_named(request, "order"))[:MOST_NAMED]:
        await services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=order))
    for name in sorted(_named(request, "production_order"))[:MOST_NAMED]:
        await check_production_order(services, name)


def _named(request: Request, what: str) -> set[str]:
    return {request.path_params.get(what, ""), *request.query_params.getlist(what)} - {""}


async def check_production_order(services: Clients, name: str) -> None:
    """Refuse as absent a production order for an order the caller may not see; raise Remote, or a 404 problem."""
    asked = GetProductionOrderRequest(production_order=name)
    found = (await services.planning.ask(services.planning.planning.GetProductionOrder, asked)).production_order
    if not await seen(services, [found], order_of):
        raise Problem(404, "NOT_FOUND", {"kind": "production_order", "key": name[:64]})


async def seen(
    services: Clients, things: Iterable[Thing], orders_of: Callable[[Thing], Collection[str]]
) -> list[Thing]:
    """Return what hangs on no order or on one the caller may see; asked once for all of them."""
    things = list(things)
    wanted = sorted({order for thing in things for order in orders_of(thing)})
    if not wanted or not is_narrow(exchange.current().principal.roles):
        return things
    found = await services.order.ask(services.order.orders.SeeOrders, SeeOrdersRequest(orders=wanted))
    shown = set(found.orders)
    return [thing for thing in things if not orders_of(thing) or not shown.isdisjoint(orders_of(thing))]


async def is_attached(services: Clients, attachment: str) -> bool:
    """True when a file belongs to an order the caller may see, or the caller sees every order."""
    if not is_narrow(exchange.current().principal.roles):
        return True
    found = await services.order.ask(services.order.orders.SeeOrders, SeeOrdersRequest(attachment_id=attachment))
    return bool(found.orders)


def order_of(thing: Any) -> Collection[str]:
    """Return the order a message names, if any."""
    return [thing.order_number] if thing.order_number else []


def orders_of_shipment(shipment: Shipment) -> Collection[str]:
    """Return the orders with goods in a shipment."""
    return {line.order for line in shipment.lines}


async def shipment(services: Clients, name: str) -> Shipment:
    """Return a shipment with goods of an order the caller may see; raise Remote, or a 404 problem."""
    asked = GetShipmentRequest(shipment=name)
    found = (await services.inventory.ask(services.inventory.goods.GetShipment, asked)).shipment
    if not await seen(services, [found], orders_of_shipment):
        raise Problem(404, "SHIPMENT_UNKNOWN", {"shipment": name[:64]})
    return found


def stream_sight(who: Principal, services: Clients) -> Sight | None:
    """Return what says whether a caller may see a change; None when they may see all."""
    if not is_narrow(who.roles):
        return None
    known: OrderedDict[str, bool] = OrderedDict()

    async def sees(change: Change) -> bool:
        if change.type == CHANGED_OWNER:
            known.pop(change.order, None)
        if not change.order:
            return change.type not in CUSTOMERS
        if change.order not in known:
            known[change.order] = await _is_seen(who, services, change.order)
            if len(known) > REMEMBERED:
                known.popitem(last=False)
        return known[change.order]

    return sees


async def _is_seen(who: Principal, services: Clients, order: str) -> bool:
    """Ask in the caller's name; when nobody can say, it is not shown."""
    exchange.begin(Exchange(who, "GET /stream"))
    principal.current.set(who)
    try:
        await services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=order))
    except Remote:
        return False
    return True
