"""/stream: live changes as server-sent events"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse

from chassis.principal import Principal
from chassis.sql import text
from gateway_service import answers, exchange, permissions, sight
from gateway_service.bodies.base import Body, Nothing
from gateway_service.gate import SIGN_IN, Identity
from gateway_service.problems import Problem
from gateway_service.rendering import answer
from gateway_service.routes import gateway_of, router
from gateway_service.tokens import digest, new_secret

api = router("stream")
TICKET_LIFE = timedelta(seconds=60)
LISTEN = "POST /stream/ticket"  # who may have a ticket may listen, however they come
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_ISSUE = text("""
INSERT INTO stream_tickets (digest, subject, kind, roles, session, expires_at)
VALUES (:digest, :subject, :kind, :roles, :session, :until)
""")
_SWEEP = text("DELETE FROM stream_tickets WHERE expires_at < :now")
_SPEND = text("""
DELETE FROM stream_tickets WHERE digest = :digest AND expires_at > :now AND session <> ''
RETURNING subject, kind, roles, session
""")


class StreamQuery(Body):
    """A one-time ticket, for clients that can't send headers; one order, if only that is wanted."""

    ticket: str = ""
    order: str = ""
    last_event_id: str = ""


@api.post("/stream/ticket", status_code=201, responses=answers.free({"ticket": "string", "expires_in": "integer"}, 201))
async def issue_ticket(request: Request, _: Nothing | None = None) -> Response:
    """A ticket that opens the stream once within a minute."""
    who, ticket = exchange.current().principal, new_secret("ohs")
    async with gateway_of(request).database.transaction() as unit:
        await unit.execute(_SWEEP, {"now": unit.now})
        await unit.execute(
            _ISSUE,
            {
                "digest": digest(ticket), "subject": who.subject, "kind": who.kind, "roles": sorted(who.roles),
                "session": exchange.current().session, "until": unit.now + TICKET_LIFE,
            },
        )  # fmt: skip
    return answer({"ticket": ticket, "expires_in": int(TICKET_LIFE.total_seconds())}, 201)


async def _listener(request: Request, ticket: str) -> Identity:
    """Return who wants to listen; raise a 401 problem, or 403 for whoever may not."""
    identity = await _named(request, ticket)
    if not permissions.allowed(identity.principal.roles, LISTEN):
        raise Problem(403, "FORBIDDEN")
    return identity


async def _named(request: Request, ticket: str) -> Identity:
    gateway = gateway_of(request)
    if not ticket:
        identity = await gateway.gate.presented(request)
        if identity is None:
            raise Problem(401, "SIGN_IN_REQUIRED", headers=SIGN_IN)
        return identity
    async with gateway.database.transaction(who="ticket") as unit:
        row = (await unit.execute(_SPEND, {"digest": digest(ticket), "now": unit.now})).one_or_none()
    found = None if row is None else Identity(Principal(row.subject, row.kind, frozenset(row.roles)), row.session)
    if found is None or not await gateway.gate.stands(found):
        raise Problem(401, "TICKET_SPENT", headers=SIGN_IN)
    return found


@api.get(
    "/stream",
    responses={200: {"description": "Server-sent events", "content": {"text/event-stream": {}}}},
    response_class=StreamingResponse,
)
async def stream(query: Annotated[StreamQuery, Query()], request: Request) -> Response:
    """Changes as they happen: `event: change` with the event's id, so that a lost stream goes on where it was.

    `event: reset` means that too much was missed: load afresh. A comment comes every 15 s. The stream ends within half
    a minute when its session ends, its device is revoked or its roles change: open it again with what counts then.
    """
    gateway, identity = gateway_of(request), await _listener(request, query.ticket)
    who, last = identity.principal, request.headers.get("last-event-id", query.last_event_id)
    sees = sight.stream_sight(who, gateway.clients)
    pieces = gateway.hub.listen(who.roles, query.order, last, sees=sees, stands=lambda: gateway.gate.stands(identity))
    return StreamingResponse(pieces, headers=HEADERS, media_type="text/event-stream")
