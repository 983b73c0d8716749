"""The REST resources: thin lists of routes that translate and decide nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Header, Request

from gateway_service.clients import Clients
from gateway_service.front import PREFIX, GuardedRoute
from gateway_service.problems import Problem

if TYPE_CHECKING:
    from gateway_service.wiring import Gateway

NO_VERSION = -1


def router(tag: str) -> APIRouter:
    """Return a router behind the front."""
    return APIRouter(prefix=PREFIX, route_class=GuardedRoute, tags=[tag])


def gateway_of(request: Request) -> Gateway:
    """Return the running gateway."""
    gateway: Gateway = request.app.state.gateway
    return gateway


async def _clients_of(request: Request) -> Clients:
    return gateway_of(request).clients


def _version(header: str) -> int:
    """Return the version an If-Match names; one that names none becomes a version nothing has."""
    text = header.strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else NO_VERSION


async def _wanted(if_match: Annotated[str | None, Header(alias="If-Match", description="ETag")] = None) -> int | None:
    return None if if_match is None or if_match.strip() == "*" else _version(if_match)


async def _needed(if_match: Annotated[str | None, Header(alias="If-Match", description="ETag; needed")] = None) -> int:
    if if_match is None:
        raise Problem(428, "IF_MATCH_REQUIRED")
    return _version(if_match)


# Dependencies are coroutines: a plain function would go through a thread for every request.
Services = Annotated[Clients, Depends(_clients_of)]
WantedVersion = Annotated[int | None, Depends(_wanted)]
NeededVersion = Annotated[int, Depends(_needed)]
