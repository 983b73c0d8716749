"""What a customer does not take in place of something else (X25)."""

from __future__ import annotations

from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from chassis.database import Transaction
from planning_service.adapters.refusals import keep_refusals, refusals_of
from planning_service.domain.errors import FieldError, Invalid
from planning_service.entrypoints.desk import Desk
from planning_service.entrypoints.reading import Reading

MAX_REFUSED = 500


class Refusals(Desk):
    """Refused alternates by customer."""

    async def PutRefusals(self, request: pb.PutRefusalsRequest, context: Any) -> pb.PutRefusalsResponse:
        """Let a customer refuse exactly these items; plans made from now on heed it."""
        reading = Reading()
        customer = reading.text("customer_id", request.customer_id, 64)
        if len(request.item_codes) > MAX_REFUSED:
            reading.errors.append(FieldError("item_codes", "OUT_OF_RANGE", {"max": MAX_REFUSED}))
        reading.done()
        known = (await self.catalogue()).items
        unknown = [
            FieldError(f"item_codes.{n}", "ITEM_UNKNOWN", {"item": code[:64]})
            for n, code in enumerate(request.item_codes)
            if code not in known
        ]
        if unknown:
            raise Invalid(unknown)

        async def work(unit: Transaction) -> pb.PutRefusalsResponse:
            await keep_refusals(unit, customer, request.item_codes)
            return pb.PutRefusalsResponse(customer_id=customer, item_codes=await refusals_of(unit, customer))

        return await self.commands.run(request.context, pb.PutRefusalsResponse, work)

    async def GetRefusals(self, request: pb.GetRefusalsRequest, context: Any) -> pb.GetRefusalsResponse:
        """Return what a customer refuses."""
        customer = request.customer_id.replace("\x00", "")
        async with self.database.read() as reader:
            return pb.GetRefusalsResponse(customer_id=customer, item_codes=await refusals_of(reader, customer))
