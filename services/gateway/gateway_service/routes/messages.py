"""Messages that did not leave, and what subscriptions would say"""

from __future__ import annotations

from fastapi import Response
from orderhub.notify.v1.notify_pb2 import (
    BindRecipientRequest,
    BindRecipientResponse,
    CompleteNotificationRequest,
    DismissNotificationRequest,
    EventType,
    GetPreviewRequest,
    GetPreviewResponse,
    GetSummaryRequest,
    ListEventTypesRequest,
    ListRecipientsRequest,
    Notification,
    PutSubscriptionRequest,
    Recipient,
    ReplayNotificationsRequest,
    ReplayNotificationsResponse,
    StateCount,
    TestSubscriptionRequest,
)

from gateway_service import answers
from gateway_service.bodies.base import Nothing
from gateway_service.bodies.notify import CompleteBody, DismissBody, ReplayBody, SubscriptionBody
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import Services, router

api = router("notifications")


@api.get("/notifications/summary", responses=answers.listing(StateCount))
async def summarise(services: Services) -> Response:
    """How many messages wait or need a person, by state and channel."""
    return page((await services.notify.ask(services.notify.repair.GetSummary, GetSummaryRequest())).counts)


@api.post("/notifications/{notification}:dismiss", responses=answers.one(Notification))
async def dismiss_notification(notification: str, body: DismissBody, services: Services) -> Response:
    """End a message that shall not go, with who decided and why: it was told by phone, it arrived after all."""
    request = DismissNotificationRequest(context=command(), id=notification, reason=body.reason)
    return one((await services.notify.ask(services.notify.repair.DismissNotification, request)).notification)


@api.post("/notifications/{notification}:complete", responses=answers.one(Notification))
async def complete_notification(notification: str, body: CompleteBody, services: Services) -> Response:
    """Fill in what a held message lacks and let it go (S56, X59)."""
    request = CompleteNotificationRequest(context=command(), id=notification, values=body.values)
    return one((await services.notify.ask(services.notify.repair.CompleteNotification, request)).notification)


@api.post("/notifications:replay", responses=answers.one(ReplayNotificationsResponse))
async def replay_notifications(body: ReplayBody, services: Services) -> Response:
    """Send again what a filter names, a thousand at most a call; `left` says what stays."""
    request = ReplayNotificationsRequest(context=command(), **body.given())
    return one(await services.notify.ask(services.notify.repair.ReplayNotifications, request))


@api.get("/customers/{customer}/recipients", responses=answers.listing(Recipient))
async def list_recipients(customer: str, services: Services) -> Response:
    """Where a customer is reached; addresses with their middle hidden."""
    request = ListRecipientsRequest(recipient=customer)
    return page((await services.notify.ask(services.notify.repair.ListRecipients, request)).recipients)


@api.delete("/customers/{customer}/recipients/{kind}", responses=answers.one(BindRecipientResponse))
async def unbind_recipient(customer: str, kind: str, services: Services) -> Response:
    """Forget where a customer is reached; messages then go to those who pass them on."""
    request = BindRecipientRequest(context=command(), kind=kind, recipient=customer, address="")
    return one(await services.notify.ask(services.notify.notify.BindRecipient, request))


@api.get("/event-types", responses=answers.listing(EventType))
async def list_event_types(services: Services) -> Response:
    """Every event one may subscribe to, with the fields a template or condition may use and an example of each."""
    found = await services.notify.ask(services.notify.rehearsal.ListEventTypes, ListEventTypesRequest())
    return page(found.event_types)


@api.post("/subscriptions/{code}:preview", responses=answers.one(GetPreviewResponse))
async def preview_subscription(code: str, body: SubscriptionBody, services: Services) -> Response:
    """What this subscription would say of a made-up event; refused as saving it would be. Stores nothing."""
    request = GetPreviewRequest(subscription=PutSubscriptionRequest(code=code, **body.given()))
    return one(await services.notify.ask(services.notify.rehearsal.GetPreview, request))


@api.post("/subscriptions/{code}:test", responses=answers.one(Notification))
async def try_subscription(code: str, services: Services, _: Nothing | None = None) -> Response:
    """Send the stored subscription's message of a made-up event, marked as a test."""
    request = TestSubscriptionRequest(context=command(), code=code)
    return one((await services.notify.ask(services.notify.rehearsal.TestSubscription, request)).notification)
