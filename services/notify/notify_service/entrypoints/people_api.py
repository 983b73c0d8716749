"""PeopleService: who is in the house, as the gateway tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.notify.v1 import notify_pb2_grpc

from chassis.commands import Commands
from chassis.database import Transaction
from notify_service.adapters.staff import SqlStaff
from notify_service.app.save_staff import save_staff
from notify_service.domain.staff import Person


@dataclass
class PeopleApi(notify_pb2_grpc.PeopleServiceServicer):
    """The servicer; `wake` lets go at once what waited for a reader."""

    commands: Commands
    wake: Callable[[], None]

    async def PutPeople(self, request: pb.PutPeopleRequest, context: Any) -> pb.PutPeopleResponse:
        people = [Person(one.username, one.display_name, frozenset(one.roles), one.active) for one in request.people]

        async def work(unit: Transaction) -> pb.PutPeopleResponse:
            released = await save_staff(people, request.roles, request.revision, SqlStaff(unit, unit.now))
            return pb.PutPeopleResponse(released=released)

        reply = await self.commands.run(request.context, pb.PutPeopleResponse, work)
        self.wake()
        return reply
