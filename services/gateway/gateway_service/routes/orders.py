"""/orders: entry, lists, changes and state moves"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from orderhub.order.v1.order_pb2 import (
    Channel,
    GetOrderRequest,
    ListChannelsRequest,
    ListOrdersRequest,
    MoveOrderRequest,
    Order,
    PutChannelRequest,
    ReviseOrderRequest,
    SubmitOrderRequest,
)

from gateway_service import answers, exchange, lookups, permissions
from gateway_service.bodies.base import Nothing
from gateway_service.bodies.orders import (
    CancelBody,
    CapacityBody,
    ChannelBody,
    OrderBody,
    OrderFilter,
    OrderPatch,
    ReasonBody,
)
from gateway_service.clients import Clients
from gateway_service.exchange import command
from gateway_service.problems import Problem
from gateway_service.rendering import one, page
from gateway_service.routes import NeededVersion, Services, WantedVersion, gateway_of, router

api = router("orders")


@api.post("/orders", status_code=201, responses=answers.one(Order, 201))
async def submit_order(body: OrderBody, services: Services) -> Response:
    """Take an order in, from whatever channel; what a person must look at comes back as warnings (S13-S25)."""
    roles = exchange.current().principal.roles
    if body.confirm and not permissions.allowed(roles, "POST /orders confirm"):
        raise Problem(403, "CONFIRM_FORBIDDEN")
    request = SubmitOrderRequest(context=command(), **body.given())
    return one((await services.order.ask(services.order.orders.SubmitOrder, request)).order, 201)


@api.get("/orders", responses=answers.listing(Order))
async def list_orders(filters: Annotated[OrderFilter, Query()], request: Request, services: Services) -> Response:
    """Orders, newest first; looking for a phone number counts as looking a customer up by it."""
    by_phone = lookups.PHONE.fullmatch(filters.q or "") is not None
    if by_phone:
        lookups.spend(gateway_of(request))
    wanted = ListOrdersRequest(
        page=filters.wire(), **filters.model_dump(exclude_none=True, exclude={"page_size", "page_token"})
    )
    found = await services.order.ask(services.order.orders.ListOrders, wanted)
    if by_phone:
        await lookups.record(gateway_of(request), filters.q, len(found.orders))
    return page(found.orders, found.next_page_token)


@api.get("/orders/{order}", responses=answers.one(Order))
async def get_order(order: str, services: Services) -> Response:
    """One order, by id or number."""
    return one((await services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=order))).order)


@api.patch("/orders/{order}", responses=answers.one(Order))
async def revise_order(order: str, body: OrderPatch, version: NeededVersion, services: Services) -> Response:
    """Change what is named in the body; a date moves the lines that inherit it."""
    request = ReviseOrderRequest(
        context=command(), order=order, expected_version=version,
        fields=sorted(body.model_fields_set), **body.given(),
    )  # fmt: skip
    return one((await services.order.ask(services.order.orders.ReviseOrder, request)).order)


async def _move(services: Clients, order: str, move: str, note: str, version: int | None) -> Response:
    request = MoveOrderRequest(context=command(), order=order, move=move, note=note, expected_version=version)
    return one((await services.order.ask(services.order.orders.MoveOrder, request)).order)


@api.post("/orders/{order}:confirm", responses=answers.one(Order))
async def confirm_order(order: str, version: WantedVersion, services: Services, _: Nothing | None = None) -> Response:
    """Confirm the order towards the customer."""
    return await _move(services, order, "confirm", "", version)


@api.post("/orders/{order}:confirm_capacity", responses=answers.one(Order))
async def confirm_capacity(
    order: str, version: WantedVersion, services: Services, body: CapacityBody | None = None
) -> Response:
    """Say that the early date can be met (S25)."""
    return await _move(services, order, "confirm_capacity", body.note if body else "", version)


@api.post("/orders/{order}:cancel", responses=answers.one(Order))
async def cancel_order(order: str, body: CancelBody, version: WantedVersion, services: Services) -> Response:
    """Cancel what is not shipped; with something shipped the order is closed short (X13)."""
    return await _move(services, order, "cancel", body.reason, version)


@api.post("/orders/{order}:hold", responses=answers.one(Order))
async def hold_order(
    order: str, version: WantedVersion, services: Services, body: ReasonBody | None = None
) -> Response:
    """Stop the order for a while."""
    return await _move(services, order, "hold", body.reason if body else "", version)


@api.post("/orders/{order}:resume", responses=answers.one(Order))
async def resume_order(
    order: str, version: WantedVersion, services: Services, body: ReasonBody | None = None
) -> Response:
    """Let a held order go on where it was."""
    return await _move(services, order, "resume", body.reason if body else "", version)


@api.post("/orders/{order}:release_duplicate", responses=answers.one(Order))
async def release_duplicate(
    order: str, version: WantedVersion, services: Services, body: ReasonBody | None = None
) -> Response:
    """Say that a suspected duplicate is an order of its own (S9)."""
    return await _move(services, order, "release_duplicate", body.reason if body else "", version)


@api.post("/orders/{order}:revoke_tracking", responses=answers.one(Order))
async def revoke_tracking(order: str, version: WantedVersion, services: Services, _: Nothing | None = None) -> Response:
    """Make the tracking links given out so far lead nowhere; the order shows a new one (S30)."""
    return await _move(services, order, "revoke_tracking", "", version)


@api.get("/channels", responses=answers.listing(Channel))
async def list_channels(services: Services) -> Response:
    """The ways orders come in (S16)."""
    found = await services.order.ask(services.order.orders.ListChannels, ListChannelsRequest())
    return page(found.channels)


@api.put("/channels/{code}", responses=answers.one(Channel))
async def put_channel(code: str, body: ChannelBody, services: Services) -> Response:
    """Add a channel, name it, or close it."""
    request = PutChannelRequest(context=command(), code=code, active=body.active, name=body.name)
    return one((await services.order.ask(services.order.orders.PutChannel, request)).channel)
