"""SelfCheckService: the same in every service; its wiring adds the checks only it can make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.common.v1 import self_check_pb2 as pb
from orderhub.common.v1 import self_check_pb2_grpc

from chassis import principal
from chassis.chassis_checks import ChassisChecks
from chassis.commands import Commands
from chassis.database import Database, Transaction
from chassis.dead_letters import DeadLetters
from chassis.errors import Forbidden
from chassis.parked import Parked
from chassis.self_check import Check, Finding, Section, look
from chassis.sql import Row

READERS = ("manager",)  # and administrators, who may everything
SERVICE_NAME = "orderhub.common.v1.SelfCheckService"


@dataclass
class SelfCheckApi(self_check_pb2_grpc.SelfCheckServiceServicer):
    """Looks, replays, discards."""

    checks: Mapping[str, Check]
    commands: Commands
    parked: Parked
    letters: DeadLetters

    async def GetSelfCheck(self, request: pb.GetSelfCheckRequest, context: Any) -> pb.GetSelfCheckResponse:
        """Look at everything, for managers and administrators."""
        _need(*READERS)
        found = await look(self.checks)
        return pb.GetSelfCheckResponse(sections=[_section(code, section) for code, section in found.items()])

    async def ReplayParked(self, request: pb.ReplayParkedRequest, context: Any) -> pb.ReplayParkedResponse:
        """Give a parked or dead event another round; administrators only."""
        _need()

        async def work(unit: Transaction, _: None) -> pb.ReplayParkedResponse:
            return pb.ReplayParkedResponse(event=_event(await self.parked.replay(unit, request.id), "waiting"))

        return await self.commands.run_after(
            request.context, pb.ReplayParkedResponse, lambda: self._bring(request.id), work
        )

    async def DiscardParked(self, request: pb.DiscardParkedRequest, context: Any) -> pb.DiscardParkedResponse:
        """Pass over a parked or dead event for good, with a reason; administrators only."""
        _need()

        async def work(unit: Transaction, _: None) -> pb.DiscardParkedResponse:
            row = await self.parked.discard(unit, request.id, request.reason)
            return pb.DiscardParkedResponse(event=_event(row, "discarded"))

        return await self.commands.run_after(
            request.context, pb.DiscardParkedResponse, lambda: self._bring(request.id), work
        )

    async def _bring(self, event_id: str) -> None:
        """Move the event here from the dead-letter queue, unless it is here already."""
        if not await self.parked.has(event_id):
            await self.letters.take(event_id, self.parked.admit)


def self_check_of(database: Database, queue: str, amqp_url: str, own: Mapping[str, Check]) -> SelfCheckApi:
    """Return the self-check of a service: what every service checks, and its own."""
    letters = DeadLetters(amqp_url, queue)
    checks = {**ChassisChecks(database, queue, letters).checks(), **own}
    return SelfCheckApi(checks, Commands(database), Parked(database, queue), letters)


def serve_self_check(server: grpc.aio.Server, api: SelfCheckApi) -> None:
    """Let a server answer for a service's self-check."""
    self_check_pb2_grpc.add_SelfCheckServiceServicer_to_server(api, server)


def _need(*roles: str) -> None:
    who = principal.current.get()
    if who is None or not who.has(*roles):
        raise Forbidden()


def _section(code: str, section: Section) -> pb.CheckedSection:
    return pb.CheckedSection(
        code=code, state=section.state, count=section.count, failed=section.failed,
        findings=[_finding(finding) for finding in section.findings],
    )  # fmt: skip


def _finding(finding: Finding) -> pb.CheckFinding:
    since = None
    if finding.since is not None:
        since = Timestamp()
        since.FromDatetime(finding.since)
    return pb.CheckFinding(object=finding.object, params=dict(finding.params), since=since, parked_id=finding.parked_id)


def _event(row: Row, state: str) -> pb.ParkedEvent:
    return pb.ParkedEvent(id=str(row.event_id), type=row.type, subject=row.subject, state=state, error=row.error)
