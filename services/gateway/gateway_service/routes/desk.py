"""Everything about one order at a glance: overview, timeline, lead time; and the search over all of it"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.inventory.v1.inventory_pb2 import (
    ListReceiptsRequest,
    ListReservationsRequest,
    ListShipmentsRequest,
)
from orderhub.notify.v1.notify_pb2 import ListNotificationsRequest
from orderhub.order.v1.customer_pb2 import ListCustomersRequest
from orderhub.order.v1.finance_pb2 import ListInvoiceTasksRequest
from orderhub.order.v1.order_pb2 import (
    GetOrderLeadTimeRequest,
    GetOrderRequest,
    GetTimelineRequest,
    ListOrdersRequest,
)
from orderhub.planning.v1.master_pb2 import ListItemsRequest
from orderhub.planning.v1.production_pb2 import GetPlanRequest, GetProductionOrderRequest

from gateway_service import answers, exchange, lead_time, lookups, permissions, sealed_links, sight, texts
from gateway_service.bodies.base import Body, Short
from gateway_service.clients import Clients, unless_away
from gateway_service.rendering import answer, render
from gateway_service.routes import Services, gateway_of, router
from gateway_service.wiring import Gateway

api = router("desk")
FEW = PageRequest(page_size=10)
MANY = PageRequest(page_size=200)


@api.get("/orders/{order}/timeline", responses=answers.free({"items": "array"}))
async def timeline(order: str, services: Services) -> Response:
    """Who did what when (S5)."""
    found = await services.order.ask(services.order.orders.GetTimeline, GetTimelineRequest(order=order))
    items = [render(entry) for entry in found.entries]
    for item in items:
        item["text"] = texts.say("timeline", item["what"] or "", item["params"])
    return answer({"items": items, "next_page_token": None})


@api.get(
    "/orders/{order}/lead-time",
    responses=answers.free({"order_number": "string", "events": "array", "sentence": "string"}),
)
async def order_lead_time(order: str, services: Services) -> Response:
    """The ten moments, the time between them, and the sentence that says where it stayed longest (S76-S83)."""
    request = GetOrderLeadTimeRequest(order=order)
    asked = services.order.ask(services.order.orders.GetOrderLeadTime, request)
    known = services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=order))
    found, whole = await asyncio.gather(asked, known)
    return answer(lead_time.told(found, whole.order.due_date))


@api.get("/orders/{order}/overview", responses=answers.free({"order": "object", "production_orders": "array"}))
async def overview(order: str, services: Services) -> Response:
    """One order and everything that hangs on it, in one answer (S3).

    A service that is away is named in `unavailable`; its part is null, the rest is told.
    """
    whole = await services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=order))
    number, trace = whole.order.number, whole.order.traceparent[3:35] or None
    away: list[str] = []
    parts = await _parts(services, number, away)
    told: dict[str, Any] = {"order": render(whole.order), "correlation_id": trace}
    told |= {name: _marked(found, trace) for name, found in parts.items()}
    return answer(told | {"unavailable": sorted(away)})


@api.get("/orders/{order}/evidence-link", responses=answers.free({"url": "string", "expires_at": "string"}))
async def evidence_link(order: str, request: Request, services: Services) -> Response:
    """A link to a read-only page of what happened when, good for 30 days, for whoever must be shown (S84)."""
    gateway = gateway_of(request)
    whole = await services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=order))
    token, until = gateway.evidence.token(whole.order.number, gateway.clock.now())
    return answer(sealed_links.link(gateway.settings.public_url, token, until))


def _marked(found: Any, trace: str | None) -> Any:
    if found is None:
        return None
    return [render(message) | {"correlation_id": trace} for message in found]


async def _parts(services: Clients, number: str, away: list[str]) -> dict[str, Any]:
    order, stock, goods = services.order, services.inventory.stock, services.inventory.goods
    asked = {
        "plan": services.planning.ask(services.planning.planning.GetPlan, GetPlanRequest(order=number)),
        "reservations": services.inventory.ask(stock.ListReservations, ListReservationsRequest(order=number)),
        "receipts": services.inventory.ask(goods.ListReceipts, ListReceiptsRequest(page=MANY, order=number)),
        "shipments": services.inventory.ask(goods.ListShipments, ListShipmentsRequest(page=MANY, order=number)),
        "invoice_tasks": order.ask(order.finance.ListInvoiceTasks, ListInvoiceTasksRequest(page=MANY, order=number)),
        "notifications": services.notify.ask(
            services.notify.notify.ListNotifications, ListNotificationsRequest(page=MANY, order=number)
        ),
        "timeline": order.ask(order.orders.GetTimeline, GetTimelineRequest(order=number)),
    }
    answered = await asyncio.gather(*(unless_away(name, away, call) for name, call in asked.items()))
    found = dict(zip(asked, answered, strict=True))
    plan = found["plan"]
    return {
        "production_orders": _list(plan, "production_orders"),
        "pick_list": _list(plan, "pick_list"),
        "shortages": _list(plan, "shortages"),
        "unplanned_lines": _list(plan, "unplanned_lines"),
        "reservations": _list(found["reservations"], "reservations"),
        "receipts": _list(found["receipts"], "receipts"),
        "shipments": _list(found["shipments"], "shipments"),
        "invoice_tasks": _list(found["invoice_tasks"], "tasks"),
        "notifications": _list(found["notifications"], "notifications"),
        "timeline": _list(found["timeline"], "entries"),
    }


def _list(found: Any, name: str) -> Any:
    return None if found is None else getattr(found, name)


class SearchQuery(Body):
    """What to look for."""

    q: Short


@api.get(
    "/search",
    responses=answers.free({"orders": "array", "customers": "array", "items": "array", "production_orders": "array"}),
)
async def search(query: Annotated[SearchQuery, Query()], request: Request, services: Services) -> Response:
    """Find by order number, original number, phone, production order number, tracking number, item code (S5)."""
    away: list[str] = []
    by_phone = lookups.PHONE.fullmatch(query.q) is not None
    if by_phone:
        lookups.spend(gateway_of(request))
    orders, customers, items, production_order = await asyncio.gather(
        unless_away("orders", away, _orders(services, query.q)),
        unless_away("customers", away, _customers(gateway_of(request), query.q)),
        unless_away("items", away, _items(services, query.q)),
        unless_away("production_orders", away, _production_order(services, query.q)),
    )
    orders = orders or []
    if by_phone:
        await lookups.record(gateway_of(request), query.q, len(customers or orders))
    if production_order is not None and production_order.order_number not in {order["number"] for order in orders}:
        owner = unless_away("orders", away, _owner(services, production_order.order_number))
        orders = [found for found in [await owner] if found is not None] + orders
    hidden = sight.is_narrow(exchange.current().principal.roles) and production_order is not None and not orders
    made = [] if production_order is None or hidden else [render(production_order)]
    told = {"orders": orders, "customers": customers or [], "items": items or [], "production_orders": made}
    return answer(told | {"unavailable": sorted(set(away))})


async def _orders(services: Clients, q: str) -> list[dict[str, Any]]:
    found = await services.order.ask(services.order.orders.ListOrders, ListOrdersRequest(page=FEW, q=q))
    return [render(order) for order in found.orders]


async def _customers(gateway: Gateway, q: str) -> list[dict[str, Any]]:
    order, by_phone = gateway.clients.order, lookups.PHONE.fullmatch(q) is not None
    if by_phone and not permissions.allowed(exchange.current().principal.roles, lookups.BY_PHONE):
        return []
    wanted = {"phone": q} if by_phone else {"q": q}
    found = await order.ask(order.customers.ListCustomers, ListCustomersRequest(page=FEW, **wanted))
    return [render(customer) for customer in found.customers]


async def _items(services: Clients, q: str) -> list[dict[str, Any]]:
    found = await services.planning.ask(services.planning.master.ListItems, ListItemsRequest(page=FEW, q=q))
    return [render(item) for item in found.items]


async def _production_order(services: Clients, q: str) -> Any:
    request = GetProductionOrderRequest(production_order=q)
    found = await services.planning.ask(services.planning.planning.GetProductionOrder, request)
    return found.production_order


async def _owner(services: Clients, number: str) -> dict[str, Any]:
    found = await services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=number))
    return render(found.order)
