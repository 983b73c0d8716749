"""/track/{token}: what a customer's link shows, and nothing else (S30, S64; reliability.md 5, row 12)"""

from __future__ import annotations

import re
from typing import Any

from fastapi import Request, Response
from orderhub.order.v1.order_pb2 import GetTrackedOrderRequest

from gateway_service import accounts, answers, callers, profiles, texts
from gateway_service.problems import Problem
from gateway_service.rendering import answer, render
from gateway_service.routes import gateway_of, router
from gateway_service.routes.files import FILE, download
from gateway_service.routes.profiles import PICTURE, drawn
from gateway_service.wiring import Gateway

api = router("tracking")
TOKEN = re.compile(r"[A-Za-z0-9_.~-]{8,160}")
QUIET = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


async def tracked(gateway: Gateway, token: str, address: str) -> dict[str, Any]:
    """Return what the link may show; raise a 404 or 429 problem."""
    shown = await _order(gateway, token, address)
    heading = "phone_order" if shown["channel"] == "phone" else "order"
    return (
        shown
        | await _seller(gateway, shown["sales_owner"] or "", token)
        | {
            "attachments": await gateway.attachments.named(shown["attachment_ids"]),
            "state_text": texts.say("tracking_states", shown["state"] or ""),
            "heading": texts.say("tracking", heading, {"number": shown["number"] or ""}),
        }
    )


async def _seller(gateway: Gateway, username: str, token: str) -> dict[str, Any]:
    """Return the person a customer can ask: name, picture and signature, no sign-in name (S30)."""
    owner = await accounts.find(gateway.database, username) if username else None
    profile = await profiles.find(gateway.database, username) if owner else profiles.Profile(username)
    return {
        "sales_owner": owner.display_name if owner else username or None,
        "sales_signature": profile.signature or None,
        "sales_avatar_url": profile.avatar_url(f"/api/v1/track/{token}/avatar"),
    }


async def _order(gateway: Gateway, token: str, address: str) -> dict[str, Any]:
    if wait := gateway.track_limiter.wait(address):
        raise Problem(429, "TOO_MANY_REQUESTS", {"seconds": str(wait)}, headers={"Retry-After": str(wait)})
    if not TOKEN.fullmatch(token):
        raise Problem(404, "TRACKING_LINK_UNKNOWN")
    order = gateway.clients.order
    return render(await order.ask(order.orders.GetTrackedOrder, GetTrackedOrderRequest(token=token)))


@api.get(
    "/track/{token}",
    responses=answers.free(
        {
            "number": "string",
            "state": "string",
            "state_text": "string",
            "lines": "array",
            "attachments": "array",
            "sales_owner": "string",
            "sales_signature": "string",
            "sales_avatar_url": "string",
        }
    ),
)
async def track(token: str, request: Request) -> Response:
    """The state of one order for its customer; no sign-in, no prices, no phone numbers."""
    return answer(await tracked(gateway_of(request), token, callers.network(request)), headers=QUIET)


@api.get("/track/{token}/attachments/{attachment}", response_class=Response, responses={200: FILE})
async def tracked_attachment(token: str, attachment: str, request: Request) -> Response:
    """A file attached to the order behind the link, and no other."""
    gateway = gateway_of(request)
    shown = await _order(gateway, token, callers.network(request))
    if attachment not in shown["attachment_ids"]:
        raise Problem(404, "ATTACHMENT_NOT_FOUND")
    answered = download(*await gateway.attachments.find(attachment))
    answered.headers.update(QUIET)
    return answered


@api.get("/track/{token}/avatar", response_class=Response, responses={200: PICTURE})
async def tracked_avatar(token: str, request: Request) -> Response:
    """The picture of the salesperson of the order behind the link, and of nobody else."""
    gateway = gateway_of(request)
    shown = await _order(gateway, token, callers.network(request))
    return drawn(await profiles.picture(gateway.database, shown["sales_owner"] or ""), QUIET)
