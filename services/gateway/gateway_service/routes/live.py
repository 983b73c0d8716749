"""/stream: live changes as server-sent events"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse

from chassis.principal import Principal
from chassis.sql import text
from gateway_service import answers, exchange, sight
from gateway_service.bodies.base import Body, Nothing
from gateway_service.gate import SIGN_IN
from gateway_service.problems import Problem
from gateway_service.rendering import answer
from gateway_service.routes import gateway_of, router
from gateway_service.tokens import digest, new_secret

api = router("stream")
TICKET_LIFE = timedelta(seconds=60)
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_ISSUE = text("""
INSERT INTO stream_tickets (digest, subject, kind, roles, expires_at)
VALUES (:digest, :subject, :kind, :roles, :until)
""")
_SWEEP = text("DELETE FROM stream_tickets WHERE expires_at < :now")
_SPEND = text("""
DELETE FROM stream_tickets WHERE digest = :digest AND expires_at > :now RETURNING subject, kind, roles
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
                "until": unit.now + TICKET_LIFE,
            },
        )  # fmt: skip
    return answer({"ticket": ticket, "expires_in": int(TICKET_LIFE.total_seconds())}, 201)


async def _listener(request: Request, ticket: str) -> Principal:
    gateway = gateway_of(request)
    if not ticket:
        identity = await gateway.gate.presented(request)
        if identity is None:
            raise Problem(401, "SIGN_IN_REQUIRED", headers=SIGN_IN)
        return identity.principal
    async with gateway.database.transaction(who="ticket") as unit:
        row = (await unit.execute(_SPEND, {"digest": digest(ticket), "now": unit.now})).one_or_none()
    if row is None:
        raise Problem(401, "TICKET_SPENT", headers=SIGN_IN)
    return Principal(row.subject, row.kind, frozenset(row.roles))


@api.get(
    "/stream",
    responses={200: {"description": "Server-sent events", "content": {"text/event-stream": {}}}},
    response_class=StreamingResponse,
)
async def stream(query: Annotated[StreamQuery, Query()], request: Request) -> Response:
    """Changes as they happen: `event: change` with the event's id, so that a lost stream goes on where it was.

    `event: reset` means that too much was missed: load afresh. A comment comes every 15 s.
    """
    who = await _listener(request, query.ticket)
    last = request.headers.get("last-event-id", query.last_event_id)
    sees = sight.stream_sight(who, gateway_of(request).clients)
    pieces = gateway_of(request).hub.listen(who.roles, query.order, last, sees)
    return StreamingResponse(pieces, headers=HEADERS, media_type="text/event-stream")
