"""/self-check: is everything right, in plain words; and what to do about events that could not be applied"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Request, Response
from orderhub.common.v1.self_check_pb2 import (
    DiscardParkedRequest,
    GetSelfCheckRequest,
    GetSelfCheckResponse,
    ParkedEvent,
    ReplayParkedRequest,
)
from pydantic import ConfigDict, Field

from chassis.errors import Remote
from gateway_service import answers, self_check
from gateway_service.bodies.base import Body, Nothing
from gateway_service.clients import Clients, Service
from gateway_service.exchange import command
from gateway_service.problems import Problem
from gateway_service.rendering import answer, one
from gateway_service.routes import Services, gateway_of, router

api = router("self-check")


class DiscardBody(Body):
    """Why an event is given up for good."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "entered twice, see SO-20260216-0007"}]})

    reason: Annotated[str, Field(min_length=1, max_length=500)]


@api.get("/self-check", responses=answers.described(self_check.SCHEMA))
async def look(request: Request, services: Services) -> Response:
    """Every check of every service: state, what was found, and advice (S97)."""
    found = await asyncio.gather(*(_checked(service) for service in services.all))
    names = [service.name for service in services.all]
    return answer(self_check.report(dict(zip(names, found, strict=True)), gateway_of(request).clock.now()))


async def _checked(service: Service) -> GetSelfCheckResponse | None:
    """Return what a service found; None when it does not answer."""
    try:
        return await service.ask(service.self_check.GetSelfCheck, GetSelfCheckRequest())
    except Remote as error:
        if error.unavailable:
            return None
        raise


@api.post("/self-check/parked/{parked}:replay", responses=answers.one(ParkedEvent))
async def replay(parked: str, services: Services, _: Nothing | None = None) -> Response:
    """Try an event again that could not be applied; later events of its subject follow by themselves."""
    service, event = _owner(parked, services)
    request = ReplayParkedRequest(context=command(), id=event)
    return _told(service, (await service.ask(service.self_check.ReplayParked, request)).event)


@api.post("/self-check/parked/{parked}:discard", responses=answers.one(ParkedEvent))
async def discard(parked: str, body: DiscardBody, services: Services) -> Response:
    """Give an event up for good, with a reason; later events of its subject go on."""
    service, event = _owner(parked, services)
    request = DiscardParkedRequest(context=command(), id=event, reason=body.reason)
    return _told(service, (await service.ask(service.self_check.DiscardParked, request)).event)


def _told(service: Service, event: Any) -> Response:
    event.id = f"{service.name}.{event.id}"
    return one(event)


def _owner(parked: str, services: Clients) -> tuple[Service, str]:
    """Return the service that keeps the event, and the event's own id."""
    name, _, event = parked.partition(".")
    for service in services.all:
        if service.name == name:
            return service, event
    raise Problem(404, "PARKED_NOT_FOUND", {"id": parked[:64]})
