"""Changes the floor acknowledges, their escalation, and the floor's settings."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import structlog
from orderhub.planning.v1 import events_pb2 as events
from orderhub.planning.v1 import production_pb2 as pb

from chassis.database import Transaction
from planning_service.adapters import production_views as views
from planning_service.adapters.floor_changes import FloorChangeRows, waited_minutes
from planning_service.adapters.floor_settings import put_settings, settings_now
from planning_service.adapters.messages import Messages
from planning_service.adapters.production_orders import ProductionOrderRows, as_uuid
from planning_service.adapters.scans import pieces_of
from planning_service.app.acknowledge_changes import acknowledge_changes
from planning_service.domain.errors import FieldError, Invalid
from planning_service.domain.floor_settings import FloorSettings
from planning_service.domain.scan import ScanPolicy
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.desk import Desk
from planning_service.entrypoints.reading import Reading
from planning_service.entrypoints.scanning import ScanDesk
from planning_service.entrypoints.scope import work_centers_asking

LOOK_SECONDS = 15.0
MAX_CHANGES = 100
MAX_PIECES = 5_000
log = structlog.get_logger()


class Floor(Desk):
    """What the floor is told and how it works."""

    async def AcknowledgeChanges(
        self, request: pb.AcknowledgeChangesRequest, context: Any
    ) -> pb.AcknowledgeChangesResponse:
        """Take note that the team has seen what changed."""
        ids = _change_ids(request)

        async def work(unit: Transaction) -> pb.AcknowledgeChangesResponse:
            rows = ProductionOrderRows(unit, work_centers_asking()), FloorChangeRows(unit), Messages(unit)
            order = await acknowledge_changes(request.production_order, ids, *rows)
            view = await views.one(unit, order.number)
            assert view is not None, "the production order is locked by this transaction"
            return pb.AcknowledgeChangesResponse(production_order=form.production_order_message(view))

        return await self.commands.run(request.context, pb.AcknowledgeChangesResponse, work)

    async def GetFloorSettings(self, request: pb.GetFloorSettingsRequest, context: Any) -> pb.GetFloorSettingsResponse:
        """Return the settings as they hold now."""
        async with self.database.read() as reader:
            return pb.GetFloorSettingsResponse(settings=_settings_message(await settings_now(reader, self.usual)))

    async def PutFloorSettings(self, request: pb.PutFloorSettingsRequest, context: Any) -> pb.PutFloorSettingsResponse:
        """Change the settings; the next scan follows them."""
        reading = Reading()
        policy = reading.choice("scan_policy", request.scan_policy, ScanPolicy) or ScanPolicy.RECORD
        reading.done()
        wanted = FloorSettings(policy, request.bounce_seconds, request.acknowledge_minutes)
        wanted.check()
        expected = request.expected_version if request.HasField("expected_version") else None

        async def work(unit: Transaction) -> pb.PutFloorSettingsResponse:
            return pb.PutFloorSettingsResponse(settings=_settings_message(await put_settings(unit, wanted, expected)))

        return await self.commands.run(request.context, pb.PutFloorSettingsResponse, work)

    async def ListPieces(self, request: pb.ListPiecesRequest, context: Any) -> pb.ListPiecesResponse:
        """Return how often each piece passed each operation."""
        number = (await self.production_order(request.production_order)).order.number
        async with self.database.read() as reader:
            found = await pieces_of(reader, number, MAX_PIECES)
        return pb.ListPiecesResponse(
            pieces=[
                pb.PiecePass(
                    serial=row.serial, operation_sequence=row.sequence, passes=row.passes, rework_loops=row.passes - 1
                )
                for row in found
            ]
        )

    @cached_property
    def scan_desk(self) -> ScanDesk:
        """Return the one desk at which all scans of this process wait."""
        return ScanDesk(self.commands, self.usual)

    @property
    def usual(self) -> FloorSettings:
        """Return the settings that hold until somebody changes them."""
        return FloorSettings(policy=self.scan_policy)

    async def run_escalation(self, stop: asyncio.Event) -> None:
        """Look again and again for changes nobody acknowledges, until told to stop."""
        while not stop.is_set():
            try:
                await self.escalate()
            except Exception as error:  # the database is away: the next look finds what is late
                log.warning("escalation_interrupted", error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)

    async def escalate(self) -> int:
        """Tell each change that has waited too long, once; return how many."""
        async with self.database.transaction(who="planning", patient=True) as unit:
            minutes = (await settings_now(unit, self.usual)).acknowledge_minutes
            late = await FloorChangeRows(unit).escalate(timedelta(minutes=minutes)) if minutes else []
            for row in late:
                told = _unacknowledged(row, waited_minutes(row.raised_at, unit.now))
                unit.publish(f"production-orders/{row.production_order_number}", told, trace=row.traceparent)
        return len(late)


def _unacknowledged(row: Any, minutes: int) -> events.ChangeUnacknowledged:
    return events.ChangeUnacknowledged(
        production_order_number=row.production_order_number,
        order_number=row.order_number,
        line_no=row.line_no,
        item_name=row.item_name,
        team=row.team,
        change_id=str(row.id),
        kind=row.kind,
        before=row.before,
        after=row.after,
        unit=row.unit,
        waited_minutes=minutes,
    )


def _change_ids(request: pb.AcknowledgeChangesRequest) -> list[UUID]:
    asked = [(index, as_uuid(text)) for index, text in enumerate(request.change_ids[: MAX_CHANGES + 1])]
    wrong = [FieldError(f"change_ids.{index}", "MALFORMED") for index, found in asked if found is None]
    if len(asked) > MAX_CHANGES:
        wrong.append(FieldError("change_ids", "TOO_MANY", {"max": MAX_CHANGES}))
    if wrong:
        raise Invalid(wrong)
    return [found for _, found in asked if found is not None]


def _settings_message(settings: FloorSettings) -> pb.FloorSettings:
    return pb.FloorSettings(
        scan_policy=settings.policy.value,
        bounce_seconds=settings.bounce_seconds,
        acknowledge_minutes=settings.acknowledge_minutes,
        version=settings.version,
    )
