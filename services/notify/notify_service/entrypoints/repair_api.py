"""RepairService: messages that did not leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.notify.v1 import notify_pb2_grpc

from chassis.commands import Commands
from chassis.database import Transaction
from notify_service.adapters.addresses import SqlAddresses
from notify_service.adapters.delivery_log import SqlNotifications
from notify_service.adapters.repairs import SqlRepairs
from notify_service.adapters.repositories import SqlChannels, SqlSubscriptions
from notify_service.adapters.vault import Vault
from notify_service.app.compose import Desk
from notify_service.app.repair import Lost, complete, dismiss, replay
from notify_service.entrypoints.messages import id_of, instant_message, notification_message

SHOWN = 4


@dataclass
class RepairApi(notify_pb2_grpc.RepairServiceServicer):
    """The servicer; `wake` starts deliveries at once after a command."""

    commands: Commands
    desk: Desk
    vault: Vault
    wake: Callable[[], None]

    async def GetSummary(self, request: pb.GetSummaryRequest, context: Any) -> pb.GetSummaryResponse:
        async with self.commands.database.read() as connection:
            rows = await SqlRepairs(connection, self.commands.database.clock.now()).summary()
        counts = [
            pb.StateCount(state=row.state, channel=row.channel, count=row.n, oldest=instant_message(row.oldest))
            for row in rows
        ]
        return pb.GetSummaryResponse(counts=counts)

    async def DismissNotification(
        self, request: pb.DismissNotificationRequest, context: Any
    ) -> pb.DismissNotificationResponse:
        wanted = id_of(request.id)

        async def work(unit: Transaction) -> pb.DismissNotificationResponse:
            log, repairs = SqlNotifications(unit, unit.now), SqlRepairs(unit, unit.now)
            ended = await dismiss(wanted, request.reason, unit.actor, log, repairs)
            return pb.DismissNotificationResponse(notification=notification_message(ended))

        return await self.commands.run(request.context, pb.DismissNotificationResponse, work)

    async def CompleteNotification(
        self, request: pb.CompleteNotificationRequest, context: Any
    ) -> pb.CompleteNotificationResponse:
        wanted = id_of(request.id)

        async def work(unit: Transaction) -> pb.CompleteNotificationResponse:
            log, channels = SqlNotifications(unit, unit.now), SqlChannels(unit, self.vault)
            going = await complete(wanted, dict(request.values), log, SqlSubscriptions(unit), channels, desk=self.desk)
            return pb.CompleteNotificationResponse(notification=notification_message(going))

        reply = await self.commands.run(request.context, pb.CompleteNotificationResponse, work)
        self.wake()
        return reply

    async def ReplayNotifications(
        self, request: pb.ReplayNotificationsRequest, context: Any
    ) -> pb.ReplayNotificationsResponse:
        lost = Lost(
            state=request.state, channel=request.channel, subscription=request.subscription, order_number=request.order,
            created_from=_instant(request, "created_from"), created_to=_instant(request, "created_to"),
        )  # fmt: skip

        async def work(unit: Transaction) -> pb.ReplayNotificationsResponse:
            channels = SqlChannels(unit, self.vault)
            going, left = await replay(lost, channels, SqlRepairs(unit, unit.now), desk=self.desk)
            return pb.ReplayNotificationsResponse(replayed=going, left=left)

        reply = await self.commands.run(request.context, pb.ReplayNotificationsResponse, work)
        self.wake()
        return reply

    async def ListRecipients(self, request: pb.ListRecipientsRequest, context: Any) -> pb.ListRecipientsResponse:
        async with self.commands.database.read() as connection:
            found = await SqlAddresses(connection).listed(request.recipient.replace("\0", ""))
        return pb.ListRecipientsResponse(
            recipients=[
                pb.Recipient(kind=kind, recipient=request.recipient, address=_hidden(address))
                for kind, address in found
            ]
        )


def _instant(request: pb.ReplayNotificationsRequest, name: str) -> datetime | None:
    found: datetime = getattr(request, name).ToDatetime(tzinfo=UTC)
    return found if request.HasField(name) else None  # type: ignore[arg-type]


def _hidden(address: str) -> str:
    """Return enough of an address to recognise it."""
    return address if len(address) <= SHOWN else f"{address[:SHOWN]}…{address[-2:]}"
