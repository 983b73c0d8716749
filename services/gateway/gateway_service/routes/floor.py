"""What the floor is told, and how it works"""

from __future__ import annotations

from decimal import Decimal

from fastapi import Response
from orderhub.planning.v1.production_pb2 import (
    AcknowledgeChangesRequest,
    Component,
    FloorSettings,
    GetFloorSettingsRequest,
    GetProductionOrderRequest,
    ListPiecesRequest,
    PiecePass,
    ProductionOrder,
    PutFloorSettingsRequest,
)

from gateway_service import answers
from gateway_service.bodies.base import plain
from gateway_service.bodies.floor import AcknowledgeBody, FloorSettingsBody
from gateway_service.exchange import command
from gateway_service.rendering import answer, one, page, render
from gateway_service.routes import Services, WantedVersion, router

api = router("floor")


@api.post("/production-orders/{production_order}:acknowledge_change", responses=answers.one(ProductionOrder))
async def acknowledge_change(
    production_order: str, services: Services, body: AcknowledgeBody | None = None
) -> Response:
    """Say that the team has seen what changed after the dispatch; saying it again changes nothing (S45)."""
    request = AcknowledgeChangesRequest(
        context=command(), production_order=production_order, change_ids=body.change_ids if body else []
    )
    found = await services.planning.ask(services.planning.planning.AcknowledgeChanges, request)
    return one(found.production_order)


@api.get("/production-orders/{production_order}/pieces", responses=answers.listing(PiecePass))
async def list_pieces(production_order: str, services: Services) -> Response:
    """How often each single piece went through an operation; more than once is a rework loop (X36)."""
    request = ListPiecesRequest(production_order=production_order)
    return page((await services.planning.ask(services.planning.planning.ListPieces, request)).pieces)


@api.get(
    "/production-orders/{production_order}/pick-list",
    responses=answers.free({"number": "string", "state": "string", "items": "array"}),
)
async def get_pick_list(production_order: str, services: Services) -> Response:
    """What this production order takes, what of it has been given out, and what is still to issue (S54)."""
    request = GetProductionOrderRequest(production_order=production_order)
    found = await services.planning.ask(services.planning.planning.GetProductionOrder, request)
    job = found.production_order
    items = [render(component) | {"to_issue": _to_issue(component)} for component in job.components]
    return answer({"number": job.number, "state": job.state, "items": items})


def _to_issue(component: Component) -> str:
    return plain(max(Decimal(0), Decimal(component.required or 0) - Decimal(component.issued or 0)))


@api.get("/floor-settings", responses=answers.one(FloorSettings))
async def get_floor_settings(services: Services) -> Response:
    """Scan policy, bounce window, and how long a change may wait for an acknowledgement."""
    found = await services.planning.ask(services.planning.planning.GetFloorSettings, GetFloorSettingsRequest())
    return one(found.settings)


@api.put("/floor-settings", responses=answers.one(FloorSettings))
async def put_floor_settings(body: FloorSettingsBody, version: WantedVersion, services: Services) -> Response:
    """Change them; the next scan is judged by the new ones (X37)."""
    request = PutFloorSettingsRequest(context=command(), expected_version=version, **body.given())
    found = await services.planning.ask(services.planning.planning.PutFloorSettings, request)
    return one(found.settings)
