"""/scans: what devices report; matched before all else, for nothing is called as often"""

from __future__ import annotations

from typing import Any

from fastapi import Response
from orderhub.planning.v1.production_pb2 import (
    GetScanTargetRequest,
    GetScanTargetResponse,
    RecordScansRequest,
    Scan,
    ScanVerdict,
)

from gateway_service import answers, exchange, sight
from gateway_service.bodies.production import ScanBatchBody, ScanBody
from gateway_service.clients import Clients
from gateway_service.problems import Problem
from gateway_service.rendering import answer, one, render
from gateway_service.routes import Services, router

api = router("production")


def _scan(body: ScanBody) -> Scan:
    """Return the scan as planning judges it; a device speaks for itself only."""
    running = exchange.current().principal
    if running.kind == "device" and running.subject != f"device:{body.device_id}":
        raise Problem(403, "DEVICE_MISMATCH")
    return Scan(**body.given())


async def _judged(services: Clients, scans: list[ScanBody]) -> list[dict[str, Any]]:
    request = RecordScansRequest(scans=[_scan(scan) for scan in scans])
    found = await services.planning.ask(services.planning.planning.RecordScans, request)
    return [render(verdict) for verdict in found.verdicts]


@api.post("/scans", responses=answers.one(ScanVerdict))
async def scan(body: ScanBody, services: Services) -> Response:
    """Report one scan; the answer is a verdict, HTTP 200 whatever it says (S48)."""
    return answer((await _judged(services, [body]))[0])


@api.post("/scans:batch", responses=answers.listing(ScanVerdict))
async def scan_batch(body: ScanBatchBody, services: Services) -> Response:
    """Report many scans; one verdict each, in the order sent (X39)."""
    return answer({"items": await _judged(services, body.scans), "next_page_token": None})


@api.get("/scan-targets/{code}", responses=answers.one(GetScanTargetResponse))
async def get_scan_target(code: str, services: Services) -> Response:
    """What a code is and what may be done with it now (S51)."""
    found = await services.planning.ask(services.planning.planning.GetScanTarget, GetScanTargetRequest(code=code))
    if found.kind == "production_order" and sight.is_narrow(exchange.current().principal.roles):
        await sight.check_production_order(services, found.number)
    return one(found)
