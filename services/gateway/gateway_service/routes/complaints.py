"""/complaints"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from orderhub.order.v1.complaint_pb2 import (
    CloseComplaintRequest,
    Complaint,
    ListComplaintsRequest,
    RecordComplaintRequest,
)

from gateway_service import answers
from gateway_service.bodies.complaints import ComplaintAnswerBody, ComplaintBody, ComplaintFilter
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import Services, router

api = router("orders")


@api.post("/orders/{order}/complaints", status_code=201, responses=answers.one(Complaint, 201))
async def record_complaint(order: str, body: ComplaintBody, services: Services) -> Response:
    """Record that the customer complained about an order, whatever its state (S2, S88)."""
    request = RecordComplaintRequest(context=command(), order=order, **body.given())
    return one((await services.order.ask(services.order.complaints.RecordComplaint, request)).complaint, 201)


@api.get("/complaints", responses=answers.listing(Complaint))
async def list_complaints(filters: Annotated[ComplaintFilter, Query()], services: Services) -> Response:
    """Complaints, newest first."""
    chosen = filters.model_dump(exclude={"page_size", "page_token"})
    found = await services.order.ask(
        services.order.complaints.ListComplaints, ListComplaintsRequest(page=filters.wire(), **chosen)
    )
    return page(found.complaints, found.next_page_token)


@api.post("/complaints/{complaint}:close", responses=answers.one(Complaint))
async def close_complaint(complaint: str, body: ComplaintAnswerBody, services: Services) -> Response:
    """Say how a complaint ended and which stage was responsible (S88)."""
    request = CloseComplaintRequest(context=command(), id=complaint, **body.given())
    return one((await services.order.ask(services.order.complaints.CloseComplaint, request)).complaint)
