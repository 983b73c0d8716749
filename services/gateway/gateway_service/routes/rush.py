"""Looking before leaping: changes, rush inserts, ranks, explained shortages, many plans at once"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from orderhub.inventory.v1.inventory_pb2 import TakeReservationsRequest, TakeReservationsResponse
from orderhub.planning.v1.production_pb2 import (
    CancelPlanJobRequest,
    ChangedLine,
    GetPlanJobRequest,
    GetShortageExplanationRequest,
    ListPlanJobOrdersRequest,
    PlanJob,
    PlanJobEntry,
    PlanOrdersRequest,
    PreviewChangeRequest,
    PreviewChangeResponse,
    PreviewRushRequest,
    PreviewRushResponse,
    RankOrderRequest,
    RankOrderResponse,
    ShortageExplanation,
)

from gateway_service import answers
from gateway_service.bodies.base import Nothing, Page
from gateway_service.bodies.goods import TakeBody
from gateway_service.bodies.production import ChangeBody, PlansBody, RankBody, ShortageFilter
from gateway_service.clients import Clients
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import Services, router

api = router("planning desk")


@api.post("/orders/{order}:preview_change", responses=answers.one(PreviewChangeResponse))
async def preview_change(order: str, body: ChangeBody, services: Services) -> Response:
    """What a change of quantities would do to production and stock; nothing is changed (X10-X13)."""
    lines = [ChangedLine(**line.given()) for line in body.lines]
    request = PreviewChangeRequest(order=order, lines=lines)
    return one(await services.planning.ask(services.planning.planning.PreviewChange, request))


@api.get("/orders/{order}/rush-preview", responses=answers.one(PreviewRushResponse))
async def preview_rush(order: str, services: Services) -> Response:
    """What ranking this order first would take from others; nothing is changed (S43)."""
    request = PreviewRushRequest(order=order)
    return one(await services.planning.ask(services.planning.planning.PreviewRush, request))


@api.post("/orders/{order}:take_stock", responses=answers.one(TakeReservationsResponse))
async def take_stock(order: str, body: TakeBody, services: Services) -> Response:
    """Commit a rush insert: take safety stock, then what orders ranked behind hold, with a reason."""
    request = TakeReservationsRequest(context=command(), order=order, reason=body.reason)
    return one(await services.inventory.ask(services.inventory.stock.TakeReservations, request))


@api.post("/orders/{order}:rank", responses=answers.one(RankOrderResponse))
async def rank_order(order: str, body: RankBody, services: Services) -> Response:
    """Give an order the planner's rank, with a reason (S44)."""
    request = RankOrderRequest(context=command(), order=order, **body.given())
    return one(await services.planning.ask(services.planning.planning.RankOrder, request))


async def _explained(services: Clients, request: GetShortageExplanationRequest) -> Response:
    found = await services.planning.ask(services.planning.planning.GetShortageExplanation, request)
    return page(found.shortages)


@api.get("/orders/{order}/shortages", responses=answers.listing(ShortageExplanation))
async def order_shortages(order: str, filters: Annotated[ShortageFilter, Query()], services: Services) -> Response:
    """Who holds what this order is short of, what is on its way, which alternates exist."""
    return await _explained(services, GetShortageExplanationRequest(order=order, item_code=filters.item_code))


@api.get("/production-orders/{production_order}/shortages", responses=answers.listing(ShortageExplanation))
async def production_order_shortages(
    production_order: str, filters: Annotated[ShortageFilter, Query()], services: Services
) -> Response:
    """The same for one production order."""
    request = GetShortageExplanationRequest(production_order=production_order, item_code=filters.item_code)
    return await _explained(services, request)


@api.post("/plans", status_code=202, responses=answers.one(PlanJob, 202))
async def plan_many(body: PlansBody, services: Services) -> Response:
    """Plan many orders as a job; ask for its progress under /plans/{job} (S41)."""
    request = PlanOrdersRequest(context=command(), orders=body.orders)
    return one((await services.planning.ask(services.planning.planning.PlanOrders, request)).job, 202)


@api.get("/plans/{job}", responses=answers.one(PlanJob))
async def get_plan_job(job: str, services: Services) -> Response:
    """How far a planning job is, and which orders need a person."""
    return one((await services.planning.ask(services.planning.planning.GetPlanJob, GetPlanJobRequest(job_id=job))).job)


@api.post("/plans/{job}:cancel", responses=answers.one(PlanJob))
async def cancel_plan_job(job: str, services: Services, _: Nothing | None = None) -> Response:
    """Leave the orders a job has not come to as they are; what is planned stays planned."""
    request = CancelPlanJobRequest(context=command(), job_id=job)
    return one((await services.planning.ask(services.planning.planning.CancelPlanJob, request)).job)


@api.get("/plans/{job}/orders", responses=answers.listing(PlanJobEntry))
async def list_plan_job_orders(job: str, filters: Annotated[Page, Query()], services: Services) -> Response:
    """The verdict on each order of a planning job, waiting ones included, in the order they are taken."""
    request = ListPlanJobOrdersRequest(page=filters.wire(), job_id=job)
    found = await services.planning.ask(services.planning.planning.ListPlanJobOrders, request)
    return page(found.entries, found.next_page_token)
