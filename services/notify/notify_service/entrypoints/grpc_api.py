"""NotifyService: translates requests, calls use cases, decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.notify.v1 import notify_pb2_grpc

from chassis import page_token
from chassis.commands import Commands
from chassis.database import Transaction
from chassis.ids import uuid7
from chassis.telemetry import current_traceparent
from notify_service.adapters.addresses import SqlAddresses
from notify_service.adapters.delivery_log import SqlNotifications
from notify_service.adapters.repairs import SqlRepairs
from notify_service.adapters.repositories import Runs, SqlChannels, SqlSubscriptions
from notify_service.adapters.vault import Vault
from notify_service.app.bind_recipient import bind_recipient
from notify_service.app.compose import Desk
from notify_service.app.ports import Catalogue
from notify_service.app.resend import acknowledge, resend
from notify_service.app.save_channel import SaveChannel, save_channel
from notify_service.app.save_subscription import save_subscription
from notify_service.app.try_channel import try_channel
from notify_service.domain.channel import Channel
from notify_service.domain.errors import ChannelNotFound, FieldError, Invalid, SubscriptionNotFound
from notify_service.domain.notification import State
from notify_service.entrypoints.messages import (
    at_work,
    channel_message,
    id_of,
    notification_message,
    page_of,
    subscription_message,
    subscription_of,
)  # fmt: skip


@dataclass
class NotifyApi(notify_pb2_grpc.NotifyServiceServicer):
    """The servicer; `wake` starts deliveries at once after a command."""

    commands: Commands
    desk: Desk
    vault: Vault
    catalogue: Catalogue
    wake: Callable[[], None]

    def _channels(self, runs: Runs) -> SqlChannels:
        return SqlChannels(runs, self.vault)

    async def PutChannel(self, request: pb.PutChannelRequest, context: Any) -> pb.PutChannelResponse:
        active = request.active if request.HasField("active") else None
        command = SaveChannel(
            code=request.code, kind=request.kind, url=request.url, secret=request.secret, name=request.name,
            per_minute=request.per_minute, active=active, quiet_from=request.quiet_from, quiet_to=request.quiet_to,
        )  # fmt: skip

        async def work(unit: Transaction) -> pb.PutChannelResponse:
            saved = await save_channel(command, self._channels(unit), self.desk.guard)
            return pb.PutChannelResponse(channel=channel_message(saved, self.desk.guard.sink_url))

        reply = await self.commands.run(request.context, pb.PutChannelResponse, work)
        self.wake()
        return reply

    async def GetChannel(self, request: pb.GetChannelRequest, context: Any) -> pb.GetChannelResponse:
        async with self.commands.database.read() as connection:
            found = await self._channels(connection).get(request.code) if _readable(request.code) else None
            if found is None:
                raise ChannelNotFound(code=request.code[:60])
            [shown] = await self._shown([found], connection)
        return pb.GetChannelResponse(channel=shown)

    async def ListChannels(self, request: pb.ListChannelsRequest, context: Any) -> pb.ListChannelsResponse:
        async with self.commands.database.read() as connection:
            found = await self._channels(connection).listed()
            return pb.ListChannelsResponse(channels=await self._shown(found, connection))

    async def _shown(self, channels: Sequence[Channel], connection: Runs) -> list[pb.Channel]:
        """Return channels with what they are doing just now."""
        now = self.commands.database.clock.now()
        states = await SqlRepairs(connection, now).channel_states([channel.code for channel in channels])
        fallback = self.desk.guard.sink_url
        return [at_work(channel_message(entry, fallback), states[entry.code], now) for entry in channels]

    async def TestChannel(self, request: pb.TestChannelRequest, context: Any) -> pb.TestChannelResponse:
        if not _readable(request.code):
            raise ChannelNotFound(code=request.code[:60])
        event_id, trace = uuid7(), current_traceparent()

        async def work(unit: Transaction) -> pb.TestChannelResponse:
            made = await try_channel(
                request.code, event_id, self._channels(unit), SqlNotifications(unit, unit.now),
                desk=self.desk, now=unit.now, trace=trace,
            )  # fmt: skip
            return pb.TestChannelResponse(notification=notification_message(made))

        reply = await self.commands.run(request.context, pb.TestChannelResponse, work)
        self.wake()
        return reply

    async def PutSubscription(self, request: pb.PutSubscriptionRequest, context: Any) -> pb.PutSubscriptionResponse:
        wanted = subscription_of(request)

        async def work(unit: Transaction) -> pb.PutSubscriptionResponse:
            saved = await save_subscription(
                wanted, SqlSubscriptions(unit), self._channels(unit), keeps_active=not request.HasField("active"),
                quiet=(request.quiet_from, request.quiet_to), catalogue=self.catalogue, conditions=self.desk.conditions, texts=self.desk.texts,
            )  # fmt: skip
            return pb.PutSubscriptionResponse(subscription=subscription_message(saved))

        return await self.commands.run(request.context, pb.PutSubscriptionResponse, work)

    async def GetSubscription(self, request: pb.GetSubscriptionRequest, context: Any) -> pb.GetSubscriptionResponse:
        async with self.commands.database.read() as connection:
            found = await SqlSubscriptions(connection).get(request.code) if _readable(request.code) else None
        if found is None:
            raise SubscriptionNotFound(code=request.code[:60])
        return pb.GetSubscriptionResponse(subscription=subscription_message(found))

    async def ListSubscriptions(
        self, request: pb.ListSubscriptionsRequest, context: Any
    ) -> pb.ListSubscriptionsResponse:
        async with self.commands.database.read() as connection:
            found = await SqlSubscriptions(connection).listed()
        return pb.ListSubscriptionsResponse(subscriptions=[subscription_message(entry) for entry in found])

    async def ListNotifications(
        self, request: pb.ListNotificationsRequest, context: Any
    ) -> pb.ListNotificationsResponse:
        size, before = page_of("notifications", request.page)
        states = [state.strip() for state in request.state.split(",")] if request.state else []
        if not set(states) <= set(State):
            raise Invalid([FieldError("state", "STATE_UNKNOWN", {"allowed": ",".join(State)})])
        if not _readable(request.order + request.channel):
            return pb.ListNotificationsResponse()
        async with self.commands.database.read() as connection:
            log = SqlNotifications(connection, self.commands.database.clock.now())
            found = await log.page(before, size + 1, order_number=request.order, states=states, channel=request.channel)
        token = page_token.write("notifications", found[size - 1].id) if len(found) > size else ""
        return pb.ListNotificationsResponse(
            notifications=[notification_message(entry) for entry in found[:size]], next_page_token=token
        )

    async def ResendNotification(
        self, request: pb.ResendNotificationRequest, context: Any
    ) -> pb.ResendNotificationResponse:
        wanted = id_of(request.id)

        async def work(unit: Transaction) -> pb.ResendNotificationResponse:
            log, subscriptions = SqlNotifications(unit, unit.now), SqlSubscriptions(unit)
            found = await resend(wanted, log, subscriptions, self._channels(unit), desk=self.desk)
            return pb.ResendNotificationResponse(notification=notification_message(found))

        reply = await self.commands.run(request.context, pb.ResendNotificationResponse, work)
        self.wake()
        return reply

    async def BindRecipient(self, request: pb.BindRecipientRequest, context: Any) -> pb.BindRecipientResponse:
        async def work(unit: Transaction) -> pb.BindRecipientResponse:
            await bind_recipient(request.kind, request.recipient, request.address, SqlAddresses(unit))
            return pb.BindRecipientResponse(kind=request.kind, recipient=request.recipient, bound=bool(request.address))

        return await self.commands.run(request.context, pb.BindRecipientResponse, work)

    async def AcknowledgeNotification(
        self, request: pb.AcknowledgeNotificationRequest, context: Any
    ) -> pb.AcknowledgeNotificationResponse:
        wanted = id_of(request.id)

        async def work(unit: Transaction) -> pb.AcknowledgeNotificationResponse:
            found = await acknowledge(wanted, SqlNotifications(unit, unit.now))
            return pb.AcknowledgeNotificationResponse(notification=notification_message(found))

        return await self.commands.run(request.context, pb.AcknowledgeNotificationResponse, work)


def _readable(text: str) -> bool:
    """False for what Postgres can't even compare: NUL characters."""
    return "\0" not in text
