"""/events: what happened, for other systems; /integrations: the tokens they hold"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from chassis import page_token
from chassis.database import Transaction
from gateway_service import answers, feed, integrations
from gateway_service.bodies.base import Nothing, Page
from gateway_service.bodies.events import EventFilter, IntegrationBody
from gateway_service.problems import Problem
from gateway_service.rendering import answer
from gateway_service.routes import Services, gateway_of, router
from gateway_service.routes.scanners import LAST, once

api = router("integration")
INTEGRATION = {
    "id": "string",
    "name": "string",
    "scopes": "array",
    "addresses": "array",
    "expires_at": "string",
    "created_at": "string",
    "revoked_at": "string",
}


@api.get("/events", responses=answers.free({"items": "array", "cursor": "string", "more": "boolean"}))
async def list_events(filters: Annotated[EventFilter, Query()], services: Services) -> Response:
    """Every event from `after` on as CloudEvents 1.0 JSON, exactly as it went over the exchange (docs/events.md).

    Give `cursor` back as `after` once every item is safely taken: each event comes at least once, in order per
    (source, subject), and none is passed over, however transactions overlap. Without `after` it begins at the oldest.
    A new event appears when every older write has ended, within a second or so; for less delay follow the exchange too.
    """
    wanted = feed.Wanted(filters.type, filters.subject, filters.since, filters.limit)
    items, reached, more = await feed.read(services, feed.cursor_of(filters.after), wanted)
    return answer({"items": items, "cursor": feed.text_of(reached), "more": more})


@api.post("/integrations", status_code=201, responses=answers.free({**INTEGRATION, "token": "string"}, 201))
async def add_integration(body: IntegrationBody, request: Request) -> Response:
    """Let another system in; the token is shown this once."""
    key = gateway_of(request).settings.signing_key.get_secret_value()

    async def work(unit: Transaction) -> dict[str, Any]:
        lasts = timedelta(days=body.expires_in_days)
        return await integrations.add(unit, body.name, body.scopes, key, addresses=body.addresses, lasts=lasts)

    made = await once(request, work)
    return answer(made | {"token": integrations.token_of(key, UUID(made["id"]))}, 201)


@api.get("/integrations", responses=answers.free({"items": "array", "next_page_token": "string"}))
async def list_integrations(filters: Annotated[Page, Query()], request: Request) -> Response:
    """Integrations, newest first; never their tokens."""
    (before,) = page_token.read("integrations", filters.page_token, UUID, first=(LAST,))
    found = await integrations.listed(gateway_of(request).database, before, filters.page_size)
    following = page_token.write("integrations", found[-1]["id"]) if len(found) == filters.page_size else None
    return answer({"items": found, "next_page_token": following})


@api.post("/integrations/{integration}:revoke", responses=answers.free(INTEGRATION))
async def revoke_integration(integration: str, request: Request, _: Nothing | None = None) -> Response:
    """End a token for good, at once."""
    wanted = _id(integration, Problem(404, "INTEGRATION_NOT_FOUND"))

    async def work(unit: Transaction) -> dict[str, Any]:
        revoked = await integrations.revoke(unit, wanted)
        if revoked is None:
            raise Problem(404, "INTEGRATION_NOT_FOUND")
        return revoked

    return answer(await once(request, work))


def _id(text: str, otherwise: Problem) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise otherwise from error
