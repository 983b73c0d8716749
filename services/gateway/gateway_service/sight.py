"""What the running caller may see: a salesperson alone only their own orders.

The order service decides whose an order is; parts of it that other services tell are asked for through it first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from orderhub.order.v1.order_pb2 import GetOrderRequest
from starlette.requests import Request

from chassis import principal
from chassis.errors import Remote
from chassis.principal import Principal
from gateway_service import exchange
from gateway_service.clients import Clients
from gateway_service.exchange import Exchange
from gateway_service.permissions import SALES
from gateway_service.stream import Change, Sight

REMEMBERED = 1000
CHANGED_OWNER = "orderhub.order.v1.OrderChanged"
CUSTOMER = "orderhub.order.v1.CustomerChanged"


def is_narrow(roles: Collection[str]) -> bool:
    """True for a salesperson who holds no other role."""
    return set(roles) == {SALES}


async def check_order(request: Request, running: Exchange, services: Clients) -> None:
    """Refuse as absent whatever hangs on an order the caller may not see; raise Remote."""
    wanted = {request.path_params.get("order", ""), *request.query_params.getlist("order")} - {""}
    if wanted and is_narrow(running.principal.roles):
        for order in sorted(wanted)[:5]:
            await services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=order))


def stream_sight(who: Principal, services: Clients) -> Sight | None:
    """Return what says whether a caller may see a change; None when they may see all."""
    if not is_narrow(who.roles):
        return None
    known: OrderedDict[str, bool] = OrderedDict()

    async def sees(change: Change) -> bool:
        if change.type == CHANGED_OWNER:
            known.pop(change.order, None)
        if not change.order:
            return change.type != CUSTOMER
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
