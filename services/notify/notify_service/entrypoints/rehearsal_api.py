"""RehearsalService: what a subscription would say before anybody hears it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.notify.v1 import notify_pb2_grpc

from chassis.commands import Commands
from chassis.database import Transaction
from chassis.ids import uuid7
from chassis.telemetry import current_traceparent
from notify_service.adapters.delivery_log import SqlNotifications
from notify_service.adapters.repositories import SqlChannels, SqlSubscriptions
from notify_service.adapters.vault import Vault
from notify_service.app.compose import Desk
from notify_service.app.ports import Catalogue
from notify_service.app.rehearse import example_of, preview, try_subscription
from notify_service.domain.errors import SubscriptionNotFound
from notify_service.domain.message import PRIVATE, said
from notify_service.entrypoints.messages import notification_message, subscription_of

KINDS = ((bool, "yes_no"), (int, "number"), (list, "list"), (dict, "list"))
INSTANT = "_at"


@dataclass
class RehearsalApi(notify_pb2_grpc.RehearsalServiceServicer):
    """The servicer; `wake` starts a test's delivery at once."""

    commands: Commands
    desk: Desk
    vault: Vault
    catalogue: Catalogue
    wake: Callable[[], None]

    async def ListEventTypes(self, request: pb.ListEventTypesRequest, context: Any) -> pb.ListEventTypesResponse:
        return pb.ListEventTypesResponse(event_types=[self._event_type(name) for name in self.catalogue.event_types])

    def _event_type(self, name: str) -> pb.EventType:
        data = example_of(name, self.catalogue, self.desk.texts.examples)
        return pb.EventType(name=name, fields=[self._field(field, value) for field, value in data.items()])

    def _field(self, name: str, value: Any) -> pb.EventField:
        kind = next((word for type_, word in KINDS if isinstance(value, type_)), "text")
        kind = "instant" if kind == "text" and name.endswith(INSTANT) else kind
        shown = said(name, value, self.desk.texts.words)
        return pb.EventField(name=name, kind=kind, example=shown, private=bool(PRIVATE.search(name)))

    async def GetPreview(self, request: pb.GetPreviewRequest, context: Any) -> pb.GetPreviewResponse:
        wanted = request.subscription
        async with self.commands.database.read() as connection:
            shown = await preview(
                subscription_of(wanted), SqlChannels(connection, self.vault),
                quiet=(wanted.quiet_from, wanted.quiet_to), catalogue=self.catalogue, desk=self.desk,
            )  # fmt: skip
        return pb.GetPreviewResponse(text=shown.text, recipients=shown.recipients, matches=shown.matches)

    async def TestSubscription(self, request: pb.TestSubscriptionRequest, context: Any) -> pb.TestSubscriptionResponse:
        if "\0" in request.code:
            raise SubscriptionNotFound(code=request.code[:60])
        event_id, trace = uuid7(), current_traceparent()

        async def work(unit: Transaction) -> pb.TestSubscriptionResponse:
            made = await try_subscription(
                request.code, event_id, SqlSubscriptions(unit), SqlChannels(unit, self.vault),
                SqlNotifications(unit, unit.now), catalogue=self.catalogue, desk=self.desk, now=unit.now, trace=trace,
            )  # fmt: skip
            return pb.TestSubscriptionResponse(notification=notification_message(made))

        reply = await self.commands.run(request.context, pb.TestSubscriptionResponse, work)
        self.wake()
        return reply
