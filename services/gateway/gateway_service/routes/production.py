"""Plans, production orders, scans"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from orderhub.planning.v1.production_pb2 import (
    DispatchProductionOrderRequest,
    GetPlanRequest,
    GetPlanResponse,
    GetProductionOrderRequest,
    GetPromiseRequest,
    GetPromiseResponse,
    InspectProductionOrderRequest,
    ListProductionOrdersRequest,
    ListScansRequest,
    MoveProductionOrderRequest,
    PlanOrderRequest,
    PlanOrderResponse,
    ProductionOrder,
    RecordedScan,
)

from gateway_service import answers, sight
from gateway_service.bodies.base import Nothing, Page
from gateway_service.bodies.orders import ReasonBody
from gateway_service.bodies.production import (
    DispatchBody,
    InspectBody,
    ProductionOrderFilter,
)
from gateway_service.clients import Clients
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import Services, WantedVersion, router

api = router("production")


@api.post("/orders/{order}:plan", responses=answers.one(PlanOrderResponse))
async def plan_order(order: str, services: Services, _: Nothing | None = None) -> Response:
    """Turn an order into production orders and one pick list; pressing twice gives the same plan (S36-S40)."""
    request = PlanOrderRequest(context=command(), order=order)
    return one(await services.planning.ask(services.planning.planning.PlanOrder, request))


@api.get("/orders/{order}/plan", responses=answers.one(GetPlanResponse))
async def get_plan(order: str, services: Services) -> Response:
    """The plan of an order as it stands now."""
    return one(await services.planning.ask(services.planning.planning.GetPlan, GetPlanRequest(order=order)))


@api.get("/orders/{order}/promise", responses=answers.one(GetPromiseResponse))
async def get_promise(order: str, services: Services) -> Response:
    """Per line: from stock, producible by, or short of (S4)."""
    request = GetPromiseRequest(order=order)
    return one(await services.planning.ask(services.planning.planning.GetPromise, request))


@api.get("/production-orders", responses=answers.listing(ProductionOrder))
async def list_production_orders(filters: Annotated[ProductionOrderFilter, Query()], services: Services) -> Response:
    """Production orders, newest first or by priority."""
    chosen = filters.model_dump(exclude={"page_size", "page_token"})
    request = ListProductionOrdersRequest(page=filters.wire(), **chosen)
    found = await services.planning.ask(services.planning.planning.ListProductionOrders, request)
    return page(await sight.seen(services, found.production_orders, sight.order_of), found.next_page_token)


@api.get("/production-orders/{production_order}", responses=answers.one(ProductionOrder))
async def get_production_order(production_order: str, services: Services) -> Response:
    """One production order, by id, number or scan code."""
    request = GetProductionOrderRequest(production_order=production_order)
    found = await services.planning.ask(services.planning.planning.GetProductionOrder, request)
    return one(found.production_order)


@api.post("/production-orders/{production_order}:dispatch", responses=answers.one(ProductionOrder))
async def dispatch(
    production_order: str, version: WantedVersion, services: Services, body: DispatchBody | None = None
) -> Response:
    """Give a production order to the floor."""
    request = DispatchProductionOrderRequest(
        context=command(), production_order=production_order, team=body.team if body else "", expected_version=version
    )
    found = await services.planning.ask(services.planning.planning.DispatchProductionOrder, request)
    return one(found.production_order)


@api.post("/production-orders/{production_order}:inspect", responses=answers.one(ProductionOrder))
async def inspect(production_order: str, body: InspectBody, version: WantedVersion, services: Services) -> Response:
    """Record what passed, what goes back to rework and what is scrap (S50)."""
    request = InspectProductionOrderRequest(
        context=command(), production_order=production_order, expected_version=version, **body.given()
    )
    found = await services.planning.ask(services.planning.planning.InspectProductionOrder, request)
    return one(found.production_order)


@api.get("/production-orders/{production_order}/scans", responses=answers.listing(RecordedScan))
async def list_scans(production_order: str, filters: Annotated[Page, Query()], services: Services) -> Response:
    """Who scanned what, newest first: device, person, both clocks, the verdict."""
    request = ListScansRequest(page=filters.wire(), production_order=production_order)
    found = await services.planning.ask(services.planning.planning.ListScans, request)
    return page(found.scans, found.next_page_token)


async def _move(services: Clients, number: str, move: str, body: ReasonBody | None, version: int | None) -> Response:
    request = MoveProductionOrderRequest(
        context=command(), production_order=number, move=move, reason=body.reason if body else "",
        expected_version=version,
    )  # fmt: skip
    found = await services.planning.ask(services.planning.planning.MoveProductionOrder, request)
    return one(found.production_order)


@api.post("/production-orders/{production_order}:hold", responses=answers.one(ProductionOrder))
async def hold(
    production_order: str, version: WantedVersion, services: Services, body: ReasonBody | None = None
) -> Response:
    """Stop a production order for a while."""
    return await _move(services, production_order, "hold", body, version)


@api.post("/production-orders/{production_order}:resume", responses=answers.one(ProductionOrder))
async def resume(
    production_order: str, version: WantedVersion, services: Services, body: ReasonBody | None = None
) -> Response:
    """Let a held production order go on."""
    return await _move(services, production_order, "resume", body, version)


@api.post("/production-orders/{production_order}:cancel", responses=answers.one(ProductionOrder))
async def cancel(
    production_order: str, version: WantedVersion, services: Services, body: ReasonBody | None = None
) -> Response:
    """Stop a production order for good."""
    return await _move(services, production_order, "cancel", body, version)
