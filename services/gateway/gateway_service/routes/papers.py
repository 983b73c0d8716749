"""PDFs: travellers, evidence, shipping notes"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import grpc
from fastapi import Query, Request, Response
from orderhub.common.v1.common_pb2 import PageRequest
from orderhub.inventory.v1.inventory_pb2 import ListShipmentsRequest
from orderhub.order.v1.order_pb2 import GetOrderLeadTimeRequest, GetOrderRequest, GetTimelineRequest
from orderhub.planning.v1.production_pb2 import GetProductionOrderRequest, ListProductionOrdersRequest
from pydantic import Field, StringConstraints

from chassis.errors import Remote
from gateway_service import lead_time, sight, texts
from gateway_service.bodies.base import Body
from gateway_service.clients import Clients
from gateway_service.paper import evidence_sheet, shipping_note, traveller
from gateway_service.paper.printing import paper, printed
from gateway_service.problems import Problem
from gateway_service.rendering import render
from gateway_service.routes import Services, gateway_of, router

api = router("papers")
PDF: dict[int | str, dict[str, Any]] = {200: {"description": "The document", "content": {"application/pdf": {}}}}
MOST_JOBS = 100
MOST_SHIPMENTS = 200
MISSING = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class Layout(Body):
    """A5 sheets, or two beside each other on A4."""

    layout: Literal["a5", "a4"] = "a5"


class TravellersQuery(Layout):
    """Which production orders: by number (comma-separated), or all of an order."""

    ids: Annotated[str, StringConstraints(max_length=MOST_JOBS * 40)] = ""
    order: Annotated[str, Field(max_length=64)] = ""


async def _jobs(services: Clients, query: TravellersQuery) -> list[dict[str, Any]]:
    """Return the production orders asked for, in the order asked; raise a problem that names the missing ones."""
    numbers = list(dict.fromkeys(number.strip() for number in query.ids.split(",") if number.strip()))
    if not numbers and not query.order:
        raise Problem(422, "NOTHING_TO_PRINT")
    if len(numbers) > MOST_JOBS:
        raise Problem(422, "TOO_MANY_TO_PRINT", {"max": str(MOST_JOBS)})
    request = ListProductionOrdersRequest(page=PageRequest(page_size=MOST_JOBS), numbers=numbers, order=query.order)
    found = await services.planning.ask(services.planning.planning.ListProductionOrders, request)
    jobs = await sight.seen(services, found.production_orders, sight.order_of)
    known = {job.number: render(job) for job in jobs}
    wanted = numbers or sorted(known)
    if missing := [number for number in wanted if number not in known] or ([] if wanted else [query.order]):
        raise Problem(404, "PRODUCTION_ORDERS_UNKNOWN", {"numbers": texts.say("phrases", "list").join(missing[:10])})
    return [known[number] for number in wanted]


async def _source_refs(services: Clients, jobs: list[dict[str, Any]]) -> dict[str, str]:
    """Return the customers' own order numbers; a traveller is printed without them while the order desk is away."""
    numbers = sorted({job["order_number"] for job in jobs if job["order_number"]})
    found = await asyncio.gather(*(_order(services, number) for number in numbers))
    return {order["number"]: order["source_ref"] or "" for order in found if order is not None}


async def _order(services: Clients, number: str) -> dict[str, Any] | None:
    try:
        found = await services.order.ask(services.order.orders.GetOrder, GetOrderRequest(order=number))
    except Remote as error:
        if error.code in MISSING:
            return None
        raise
    return render(found.order)


async def _travellers(request: Request, jobs: list[dict[str, Any]], *, two_up: bool, name: str) -> Response:
    gateway = gateway_of(request)
    now = gateway.clock.now()
    content = traveller.content(jobs, await _source_refs(gateway.clients, jobs), now, two_up=two_up)
    return paper(await printed("traveller", content, now), name)


@api.get("/production-orders/travellers.pdf", response_class=Response, responses=PDF)
async def travellers(query: Annotated[TravellersQuery, Query()], services: Services, request: Request) -> Response:
    """Travellers of several production orders in one file, in the order asked for."""
    jobs = await _jobs(services, query)
    return await _travellers(request, jobs, two_up=query.layout == "a4", name=f"travellers-{jobs[0]['number']}")


@api.get("/production-orders/{production_order}/traveller.pdf", response_class=Response, responses=PDF)
async def one_traveller(
    production_order: str, query: Annotated[Layout, Query()], services: Services, request: Request
) -> Response:
    """The traveller of one production order, with a QR code per operation."""
    asked = GetProductionOrderRequest(production_order=production_order)
    found = await services.planning.ask(services.planning.planning.GetProductionOrder, asked)
    job = render(found.production_order)
    return await _travellers(request, [job], two_up=query.layout == "a4", name=f"traveller-{job['number']}")


async def evidence_pdf(request: Request, number: str, *, with_people: bool) -> Response:
    """Return one order's evidence as a PDF."""
    gateway = gateway_of(request)
    order, goods = gateway.clients.order, gateway.clients.inventory
    shipped = ListShipmentsRequest(page=PageRequest(page_size=MOST_SHIPMENTS), order=number)
    whole, times, timeline, shipments = await asyncio.gather(
        order.ask(order.orders.GetOrder, GetOrderRequest(order=number)),
        order.ask(order.orders.GetOrderLeadTime, GetOrderLeadTimeRequest(order=number)),
        order.ask(order.orders.GetTimeline, GetTimelineRequest(order=number)),
        goods.ask(goods.goods.ListShipments, shipped),
    )
    now, shown = gateway.clock.now(), render(whole.order)
    entries = [render(entry) for entry in timeline.entries]
    for entry in entries:
        entry["text"] = texts.say("timeline", entry["what"] or "", entry["params"])
    content = evidence_sheet.content(
        shown,
        lead_time.told(times, shown["due_date"] or ""),
        entries,
        [render(shipment) for shipment in shipments.shipments],
        now,
        with_people=with_people,
    )
    return paper(await printed("evidence", content, now), f"evidence-{shown['number']}")


@api.get("/orders/{order}/evidence.pdf", response_class=Response, responses=PDF)
async def evidence(order: str, request: Request) -> Response:
    """One order's evidence: every event with its time and actor, dwell per stage, and a hash of it all (S57, S84)."""
    return await evidence_pdf(request, order, with_people=True)


@api.get("/shipments/{shipment}/note.pdf", response_class=Response, responses=PDF)
async def note(shipment: str, services: Services, request: Request) -> Response:
    """The shipping note that travels with the goods and is signed by the receiver."""
    shown = render(await sight.shipment(services, shipment))
    numbers = sorted({line["order"] for line in shown["lines"] if line["order"]})
    found = await asyncio.gather(*(_order(services, number) for number in numbers))
    orders = {order["number"]: order for order in found if order is not None}
    now = gateway_of(request).clock.now()
    made = await printed("shipping_note", shipping_note.content(shown, orders, now), now)
    return paper(made, f"note-{shown['number']}")
