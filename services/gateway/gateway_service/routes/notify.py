"""/notification-channels, /subscriptions, /notifications"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from orderhub.notify.v1.notify_pb2 import (
    AcknowledgeNotificationRequest,
    Channel,
    GetChannelRequest,
    GetSubscriptionRequest,
    ListChannelsRequest,
    ListNotificationsRequest,
    ListSubscriptionsRequest,
    Notification,
    PutChannelRequest,
    PutSubscriptionRequest,
    ResendNotificationRequest,
    Subscription,
    TestChannelRequest,
)

from gateway_service import answers, sight
from gateway_service.bodies.base import Nothing
from gateway_service.bodies.notify import ChannelBody, NotificationFilter, SubscriptionBody
from gateway_service.exchange import command
from gateway_service.rendering import one, page
from gateway_service.routes import Services, router

api = router("notifications")


@api.put("/notification-channels/{code}", responses=answers.one(Channel))
async def put_channel(code: str, body: ChannelBody, services: Services) -> Response:
    """Create a channel or change it to this; without a secret the stored one stays."""
    request = PutChannelRequest(context=command(), code=code, **body.given())
    return one((await services.notify.ask(services.notify.notify.PutChannel, request)).channel)


@api.get("/notification-channels/{code}", responses=answers.one(Channel))
async def get_channel(code: str, services: Services) -> Response:
    """One channel; its address masked, its secret never shown."""
    return one((await services.notify.ask(services.notify.notify.GetChannel, GetChannelRequest(code=code))).channel)


@api.get("/notification-channels", responses=answers.listing(Channel))
async def list_channels(services: Services) -> Response:
    """Every channel."""
    return page((await services.notify.ask(services.notify.notify.ListChannels, ListChannelsRequest())).channels)


@api.post("/notification-channels/{code}:test", responses=answers.one(Notification))
async def try_channel(code: str, services: Services, _: Nothing | None = None) -> Response:
    """Send a trial message."""
    request = TestChannelRequest(context=command(), code=code)
    return one((await services.notify.ask(services.notify.notify.TestChannel, request)).notification)


@api.put("/subscriptions/{code}", responses=answers.one(Subscription))
async def put_subscription(code: str, body: SubscriptionBody, services: Services) -> Response:
    """Create a subscription or change it to this."""
    request = PutSubscriptionRequest(context=command(), code=code, **body.given())
    return one((await services.notify.ask(services.notify.notify.PutSubscription, request)).subscription)


@api.get("/subscriptions/{code}", responses=answers.one(Subscription))
async def get_subscription(code: str, services: Services) -> Response:
    """One subscription."""
    found = await services.notify.ask(services.notify.notify.GetSubscription, GetSubscriptionRequest(code=code))
    return one(found.subscription)


@api.get("/subscriptions", responses=answers.listing(Subscription))
async def list_subscriptions(services: Services) -> Response:
    """Every subscription."""
    found = await services.notify.ask(services.notify.notify.ListSubscriptions, ListSubscriptionsRequest())
    return page(found.subscriptions)


@api.get("/notifications", responses=answers.listing(Notification))
async def list_notifications(filters: Annotated[NotificationFilter, Query()], services: Services) -> Response:
    """The delivery log, newest first."""
    request = ListNotificationsRequest(
        page=filters.wire(), order=filters.order, state=filters.state, channel=filters.channel
    )
    found = await services.notify.ask(services.notify.notify.ListNotifications, request)
    return page(await sight.seen(services, found.notifications, sight.order_of), found.next_page_token)


@api.post("/notifications/{notification}:resend", responses=answers.one(Notification))
async def resend_notification(notification: str, services: Services, _: Nothing | None = None) -> Response:
    """Send a message once more."""
    request = ResendNotificationRequest(context=command(), id=notification)
    return one((await services.notify.ask(services.notify.notify.ResendNotification, request)).notification)


@api.post("/notifications/{notification}:acknowledge", responses=answers.one(Notification))
async def acknowledge_notification(notification: str, services: Services, _: Nothing | None = None) -> Response:
    """Say that a message was read; it is not escalated any more."""
    request = AcknowledgeNotificationRequest(context=command(), id=notification)
    return one((await services.notify.ask(services.notify.notify.AcknowledgeNotification, request)).notification)
