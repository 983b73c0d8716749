"""ComplaintService over gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orderhub.order.v1 import complaint_pb2 as pb
from orderhub.order.v1 import complaint_pb2_grpc

from chassis.commands import Commands
from chassis.database import Transaction
from chassis.ids import uuid7
from order_service.adapters.complaints import (
    ComplaintFilter,
    ComplaintRepository,
    ComplaintView,
    ComplaintViews,
    read_complaints,
)
from order_service.adapters.messages import stamp
from order_service.adapters.orders import OrderRepository
from order_service.app.close_complaint import close_complaint
from order_service.app.record_complaint import record_complaint
from order_service.domain.complaint import KINDS, STATES, ComplaintAnswer, ComplaintEntry
from order_service.domain.errors import Invalid
from order_service.domain.texts import word_problems
from order_service.entrypoints.order_requests import instant_of
from order_service.entrypoints.paging import next_token, page_size, read_token
from order_service.entrypoints.scope import SalesScope, owner_asking


def complaint_message(view: ComplaintView) -> pb.Complaint:
    """Return a complaint as people see it."""
    found = view.complaint
    return pb.Complaint(
        id=str(found.id), order_number=found.order_number, customer_id=str(view.customer_id),
        customer_name=view.customer_name, sales_owner=view.sales_owner, kind=found.kind, text=found.text,
        stage=found.stage, state=found.state, complained_at=stamp(found.complained_at),
        recorded_at=stamp(found.recorded_at), recorded_by=found.recorded_by, closed_at=stamp(found.closed_at),
        closed_by=found.closed_by, resolution=found.resolution,
    )  # fmt: skip


@dataclass
class ComplaintApi(complaint_pb2_grpc.ComplaintServiceServicer):
    """What customers complain about."""

    commands: Commands
    views: ComplaintViews
    scope: SalesScope

    async def RecordComplaint(self, request: pb.RecordComplaintRequest, context: Any) -> pb.RecordComplaintResponse:
        at = instant_of(request, "complained_at")
        entry = ComplaintEntry(request.order, request.kind, request.text, request.stage, at)
        owner = owner_asking(self.scope)

        async def work(unit: Transaction) -> pb.RecordComplaintResponse:
            stored = await record_complaint(
                entry, uuid7(), orders=OrderRepository(unit, owner), complaints=ComplaintRepository(unit),
                by=unit.actor, now=unit.now,
            )  # fmt: skip
            return pb.RecordComplaintResponse(complaint=await _stored(unit, stored))

        return await self.commands.run(request.context, pb.RecordComplaintResponse, work)

    async def CloseComplaint(self, request: pb.CloseComplaintRequest, context: Any) -> pb.CloseComplaintResponse:
        answer = ComplaintAnswer(request.resolution, request.stage)
        owner = owner_asking(self.scope)

        async def work(unit: Transaction) -> pb.CloseComplaintResponse:
            stored = await close_complaint(
                request.id, answer, orders=OrderRepository(unit, owner), complaints=ComplaintRepository(unit),
                by=unit.actor, now=unit.now,
            )  # fmt: skip
            return pb.CloseComplaintResponse(complaint=await _stored(unit, stored))

        return await self.commands.run(request.context, pb.CloseComplaintResponse, work)

    async def ListComplaints(self, request: pb.ListComplaintsRequest, context: Any) -> pb.ListComplaintsResponse:
        problems = word_problems("state", request.state, STATES, "STATE_UNKNOWN")
        problems += word_problems("kind", request.kind, KINDS, "COMPLAINT_KIND_UNKNOWN")
        if problems:
            raise Invalid(problems)
        size = page_size(request.page)
        wanted = ComplaintFilter(request.state, request.kind, request.order, request.customer_id)
        found = await self.views.complaints(
            wanted, read_token("complaints", request.page), size + 1, owner_asking(self.scope)
        )
        token = next_token("complaints", [view.complaint.id for view in found], size)
        return pb.ListComplaintsResponse(
            complaints=[complaint_message(view) for view in found[:size]], next_page_token=token
        )


async def _stored(unit: Transaction, complaint_id: UUID) -> pb.Complaint:
    return complaint_message((await read_complaints(unit.connection, {"id": complaint_id}))[0])
