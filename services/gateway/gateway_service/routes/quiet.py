"""/me/quiet-hours, /quiet-hours: when people are left in peace"""

from __future__ import annotations

from fastapi import Request, Response
from orderhub.notify.v1.notify_pb2 import (
    GetOwnQuietHoursRequest,
    ListQuietHoursRequest,
    PutOwnQuietHoursRequest,
    PutQuietHoursRequest,
    QuietHours,
)

from gateway_service import accounts, answers, exchange
from gateway_service.bodies.notify import QuietBody
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import Services, gateway_of, router

api = router("notifications")


@api.get("/me/quiet-hours", responses=answers.one(QuietHours))
async def get_own(services: Services) -> Response:
    """When the caller is left in peace; two empty texts: never."""
    return one(
        (await services.notify.ask(services.notify.quiet.GetOwnQuietHours, GetOwnQuietHoursRequest())).quiet_hours
    )


@api.put("/me/quiet-hours", responses=answers.one(QuietHours))
async def put_own(body: QuietBody, request: Request, services: Services) -> Response:
    """Set when the caller is left in peace.

    Messages that name the caller wait and leave together afterwards; red orders come through, and the mailbox is filled
    all the same, since it disturbs nobody. What waits already keeps the new hours.
    """
    account = await accounts.find(gateway_of(request).database, exchange.current().principal.subject)
    names = [account.display_name] if account else []
    asked = PutOwnQuietHoursRequest(context=command(), names=names, **body.given())
    return one((await services.notify.ask(services.notify.quiet.PutOwnQuietHours, asked)).quiet_hours)


@api.get("/quiet-hours", responses=answers.listing(QuietHours))
async def list_quiet_hours(services: Services) -> Response:
    """Everybody who has quiet hours: people, roles, customers."""
    return page((await services.notify.ask(services.notify.quiet.ListQuietHours, ListQuietHoursRequest())).quiet_hours)


@api.put("/quiet-hours/{recipient}", responses=answers.one(QuietHours))
async def put_quiet_hours(recipient: str, body: QuietBody, services: Services) -> Response:
    """Set the quiet hours of a user, a role or a customer (by its id); two empty texts take them away."""
    asked = PutQuietHoursRequest(context=command(), recipient=recipient, **body.given())
    return one((await services.notify.ask(services.notify.quiet.PutQuietHours, asked)).quiet_hours)
