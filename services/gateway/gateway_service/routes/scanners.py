"""/devices: scanners and their tokens"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import zxingcpp
from fastapi import Query, Request, Response
from google.protobuf.wrappers_pb2 import BytesValue

from chassis import notes, page_token
from chassis.database import Transaction
from gateway_service import answers, callers, devices, exchange
from gateway_service.bodies.access import DeviceBody, EnrolBody
from gateway_service.bodies.base import Nothing, Page
from gateway_service.problems import Problem
from gateway_service.rendering import answer, to_json
from gateway_service.routes import gateway_of, router

api = router("devices")
LAST = UUID(int=2**128 - 1)
DEVICE = answers.free({"id": "string", "name": "string", "station": "string", "state": "string"})


async def once(request: Request, work: Callable[[Transaction], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Run a command of the gateway's own once per idempotency key."""
    gateway, running = gateway_of(request), exchange.current()

    async def stored(unit: Transaction) -> BytesValue:
        return BytesValue(value=to_json(await work(unit)))

    beside = notes.Notes()
    notes.current.set(beside)
    kept = await gateway.commands.run(exchange.command(), BytesValue, stored)
    running.replayed = beside.replayed
    found: dict[str, Any] = json.loads(kept.value)
    return found


@api.post("/devices", status_code=201, responses=answers.free({"id": "string", "code": "string", "qr": "string"}, 201))
async def add_device(body: DeviceBody, request: Request) -> Response:
    """Announce a scanner; the one-time code and its QR are good for ten minutes."""

    async def work(unit: Transaction) -> dict[str, Any]:
        return dict(await devices.add(unit, body.name, body.station))

    made = await once(request, work)
    payload = f"{gateway_of(request).settings.public_url}/floor#enrol={made['code']}"
    code = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode)
    drawn = code.to_svg()
    return answer(made | {"station": body.station or None, "qr": payload, "qr_svg": drawn}, 201)


@api.post("/devices:enrol", responses=answers.free({"device_id": "string", "token": "string", "renew_at": "string"}))
async def enrol_device(body: EnrolBody, request: Request) -> Response:
    """Exchange the one-time code for the device's token, shown once."""
    gateway = gateway_of(request)
    if wait := gateway.track_limiter.wait(f"enrol|{callers.network(request)}"):
        raise Problem(429, "TOO_MANY_REQUESTS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})
    async with gateway.database.transaction(who="enrolment") as unit:
        enrolled = await devices.enrol(unit, body.code)
    if enrolled is None:
        raise Problem(404, "ENROLMENT_CODE_UNKNOWN")
    return answer(enrolled)


@api.post("/devices:renew", responses=answers.free({"device_id": "string", "token": "string", "renew_at": "string"}))
async def renew_device(request: Request, _: Nothing | None = None) -> Response:
    """Exchange the device's token for the next one, from `renew_at` on and before `expires_at`.

    The token presented stays good for a week, so that an answer that was lost locks nobody out: renew again.
    """
    gateway = gateway_of(request)
    async with gateway.database.transaction(who=exchange.current().principal.subject) as unit:
        renewed = await devices.renew(unit, request.headers.get("authorization", "").partition(" ")[2].strip())
    if renewed is None:  # an administrator's token is none of a device
        raise Problem(404, "DEVICE_NOT_FOUND")
    gateway.devices.forget()
    return answer(renewed)


@api.post("/devices/{device}:revoke", responses=DEVICE)
async def revoke_device(device: str, request: Request, _: Nothing | None = None) -> Response:
    """End a device's token for good; it stops within ten seconds everywhere."""
    try:
        UUID(device)
    except ValueError as error:
        raise Problem(404, "DEVICE_NOT_FOUND") from error

    async def work(unit: Transaction) -> dict[str, Any]:
        revoked = await devices.revoke(unit, device)
        if revoked is None:
            raise Problem(404, "DEVICE_NOT_FOUND")
        return revoked

    revoked = await once(request, work)
    gateway_of(request).devices.forget()
    return answer(revoked)


@api.get("/devices", responses=answers.free({"items": "array", "next_page_token": "string"}))
async def list_devices(filters: Annotated[Page, Query()], request: Request) -> Response:
    """Devices, newest first."""
    (before,) = page_token.read("devices", filters.page_token, UUID, first=(LAST,))
    found = await devices.listed(gateway_of(request).database, before, filters.page_size)
    following = page_token.write("devices", found[-1]["id"]) if len(found) == filters.page_size else None
    return answer({"items": found, "next_page_token": following})
