"""The question to inventory about a shipment whose event has not come yet."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

import grpc
from orderhub.inventory.v1 import inventory_pb2, inventory_pb2_grpc

from chassis.database import Database
from chassis.errors import Remote
from chassis.grpc_client import Peer
from chassis.sql import text
from order_service.app.facts import Shipment, ShipmentLine
from order_service.domain.texts import is_clean

_HAVE = text("""
SELECT s.number FROM shipment s JOIN shipment_line l ON l.shipment_number = s.number
WHERE s.number = :ref OR s.id = :ref LIMIT 1
""")


class ShipmentRecords:
    """Knows shipments from the copy, else from inventory."""

    def __init__(self, database: Database, inventory: Peer) -> None:
        self._database = database
        self._inventory = inventory
        self._stub = inventory_pb2_grpc.GoodsServiceStub(inventory.channel)

    async def missing(self, ref: str) -> Shipment | None:
        """Return inventory's shipment when no copy is here; None when one is, or nobody knows it. Raise Remote."""
        if not is_clean(ref) or not ref or len(ref) > 64:
            return None
        async with self._database.read() as connection:
            if (await connection.execute(_HAVE, {"ref": ref})).first() is not None:
                return None
        try:
            reply = await self._inventory.ask(self._stub.GetShipment, inventory_pb2.GetShipmentRequest(shipment=ref))
        except Remote as refusal:
            if refusal.code == grpc.StatusCode.NOT_FOUND:
                return None
            raise
        return _shipment_of(reply.shipment)


def _shipment_of(told: inventory_pb2.Shipment) -> Shipment:
    lines = tuple(ShipmentLine(x.order, x.line_no, x.item_code, Decimal(x.quantity), x.unit) for x in told.lines)
    at = told.shipped_at.ToDatetime(tzinfo=UTC)
    return Shipment(
        told.id, told.number, told.carrier, tuple(told.tracking_numbers), at, lines, told=False,
        version=max(told.version, 1),
    )  # fmt: skip
