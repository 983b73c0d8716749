"""QuietService: when recipients are left in peace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.notify.v1 import notify_pb2_grpc

from chassis import principal
from chassis.commands import Commands
from chassis.database import Transaction
from notify_service.adapters.quiet_hours import SqlQuietHours, SqlResting
from notify_service.adapters.rules import KeptRules
from notify_service.adapters.vault import Vault
from notify_service.app.save_quiet_hours import hours_of, save_quiet_hours
from notify_service.domain.quiet import Hours, OwnHours
from notify_service.entrypoints.messages import quiet_message


@dataclass
class QuietApi(notify_pb2_grpc.QuietServiceServicer):
    """The servicer; `wake` lets go at once what need not wait any more."""

    commands: Commands
    vault: Vault
    zone: ZoneInfo
    wake: Callable[[], None]

    async def GetOwnQuietHours(self, request: pb.GetOwnQuietHoursRequest, context: Any) -> pb.GetOwnQuietHoursResponse:
        async with self.commands.database.read() as connection:
            found = await SqlQuietHours(connection).get(principal.actor())
        return pb.GetOwnQuietHoursResponse(quiet_hours=quiet_message(found or OwnHours(principal.actor(), Hours())))

    async def PutOwnQuietHours(self, request: pb.PutOwnQuietHoursRequest, context: Any) -> pb.PutOwnQuietHoursResponse:
        async def work(unit: Transaction) -> pb.PutOwnQuietHoursResponse:
            quiet = (request.quiet_from, request.quiet_to)
            wanted = hours_of(principal.actor(), request.names, quiet, now=unit.now, by=unit.actor)
            return pb.PutOwnQuietHoursResponse(quiet_hours=quiet_message(await self._save(wanted, unit)))

        reply = await self.commands.run(request.context, pb.PutOwnQuietHoursResponse, work)
        self.wake()
        return reply

    async def ListQuietHours(self, request: pb.ListQuietHoursRequest, context: Any) -> pb.ListQuietHoursResponse:
        async with self.commands.database.read() as connection:
            found = await SqlQuietHours(connection).listed()
        return pb.ListQuietHoursResponse(quiet_hours=[quiet_message(own) for own in found if own.hours.begins])

    async def PutQuietHours(self, request: pb.PutQuietHoursRequest, context: Any) -> pb.PutQuietHoursResponse:
        async def work(unit: Transaction) -> pb.PutQuietHoursResponse:
            before = await SqlQuietHours(unit).get(request.recipient) if "\0" not in request.recipient else None
            quiet = (request.quiet_from, request.quiet_to)
            names = before.names if before else ()
            wanted = hours_of(request.recipient, names, quiet, now=unit.now, by=unit.actor)
            return pb.PutQuietHoursResponse(quiet_hours=quiet_message(await self._save(wanted, unit)))

        reply = await self.commands.run(request.context, pb.PutQuietHoursResponse, work)
        self.wake()
        return reply

    async def _save(self, wanted: OwnHours, unit: Transaction) -> OwnHours:
        return await save_quiet_hours(
            wanted, SqlQuietHours(unit), SqlResting(unit, unit.now), lambda: KeptRules(self.vault).current(unit),
            zone=self.zone, now=unit.now,
        )  # fmt: skip
