"""/inbox: the caller's own mailbox"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from orderhub.notify.v1.notify_pb2 import (
    InboxMessage,
    ListInboxRequest,
    MarkInboxReadRequest,
    MarkInboxReadResponse,
)

from gateway_service import accounts, answers, exchange
from gateway_service.bodies.base import Nothing
from gateway_service.bodies.notify import InboxFilter, ReadAllBody
from gateway_service.exchange import command
from gateway_service.rendering import answer, one, render
from gateway_service.routes import Services, gateway_of, router

api = router("notifications")


async def _other_names(request: Request) -> list[str]:
    """Return what else the caller is called; orders name their sales owner as people do."""
    account = await accounts.find(gateway_of(request).database, exchange.current().principal.subject)
    return [account.display_name] if account else []


@api.get("/inbox", responses=answers.listing(InboxMessage, unread_count="integer"))
async def list_inbox(filters: Annotated[InboxFilter, Query()], request: Request, services: Services) -> Response:
    """What the caller has to know and do, newest first, and how much of it is unread.

    A message is meant for a user by name or by role; each reader has marks of their own. The live stream tells of new
    ones: `orderhub.notify.v1.NotificationSent` with `mailbox: true` and the `recipient`.
    """
    asked = ListInboxRequest(page=filters.wire(), unread=filters.unread, names=await _other_names(request))
    found = await services.notify.ask(services.notify.mailbox.ListInbox, asked)
    return answer(
        {
            "items": [render(message) for message in found.messages],
            "next_page_token": found.next_page_token or None,
            "unread_count": found.unread_count,
        }
    )


@api.post("/inbox/{notification}:read", responses=answers.one(MarkInboxReadResponse))
async def read_message(notification: str, request: Request, services: Services, _: Nothing | None = None) -> Response:
    """Mark one message as read; it is not escalated any more."""
    asked = MarkInboxReadRequest(context=command(), id=notification, names=await _other_names(request))
    return one(await services.notify.ask(services.notify.mailbox.MarkInboxRead, asked))


@api.post("/inbox:read_all", responses=answers.one(MarkInboxReadResponse))
async def read_all(request: Request, services: Services, body: ReadAllBody | None = None) -> Response:
    """Mark everything as read, or everything up to the newest message that was on the screen."""
    until = body.until if body else ""
    asked = MarkInboxReadRequest(context=command(), until=until, names=await _other_names(request))
    return one(await services.notify.ask(services.notify.mailbox.MarkInboxRead, asked))
