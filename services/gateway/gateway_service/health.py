"""/healthz and /readyz: alive, and able to serve; each dependency by name"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from chassis.sql import text
from gateway_service.clients import Service
from gateway_service.rendering import answer
from gateway_service.routes import gateway_of
from gateway_service.wiring import Gateway

api = APIRouter(include_in_schema=False)
DATABASE_SECONDS = 2.0


@api.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz() -> Response:
    """The event loop turns."""
    return answer({"status": "ok"})


@api.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(request: Request) -> Response:
    """200 `ready`, 200 `degraded` while the broker is away (intake goes on), 503 without database or services."""
    gateway = gateway_of(request)
    database, services = await asyncio.gather(_database(gateway), _services(gateway))
    named = {service.name: state for service, state in zip(gateway.clients.all, services, strict=True)}
    broker = gateway.hub.connected and all(state["broker"] for state in named.values() if state["ready"])
    able = database and all(state["ready"] for state in named.values())
    status = "unavailable" if not able else "ready" if broker else "degraded"
    parts: dict[str, Any] = {"database": _word(database), "broker": _word(broker)}
    for name, state in named.items():
        parts[name] = {"status": _word(state["ready"]), "broker": _word(state["broker"])}
    return answer({"status": status, "dependencies": parts}, 200 if able else 503, {"Cache-Control": "no-store"})


def _word(good: bool) -> str:
    return "ok" if good else "away"


async def _database(gateway: Gateway) -> bool:
    try:
        async with asyncio.timeout(DATABASE_SECONDS), gateway.database.read() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:
        return False
    return True


async def _services(gateway: Gateway) -> list[dict[str, bool]]:
    return await asyncio.gather(*(_service(one) for one in gateway.clients.all))


async def _service(service: Service) -> dict[str, bool]:
    ready, broker = await asyncio.gather(service.health(), service.health("broker"))
    return {"ready": ready, "broker": broker}
