"""Receipts, shipments and returns as written down, and the numbers people see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from chassis.sql import text
from inventory_service.adapters.executor import Executor
from inventory_service.app.ports import GoodsLine, ReceiptNote, ReturnNote, ShipmentNote
from inventory_service.domain.document import RECEIPT, RETURN, SHIPMENT, document_number

_NEXT = {
    prefix: text(f"SELECT nextval('{sequence}')")
    for prefix, sequence in ((RECEIPT, "receipt_number"), (SHIPMENT, "shipment_number"), (RETURN, "return_number"))
}
_RECEIPT = text("""
INSERT INTO receipt (id, number, production_order_number, order_number, line_no, item_code, quantity, unit, received_total,
                     device_id, actor, received_at)
VALUES (:id, :number, :production_order, :order, :line_no, :item, :quantity, :unit, :total, :device_id, :actor, :at)
""")
_SHIPMENT = text("""
INSERT INTO shipment (id, number, carrier, tracking_numbers, actor, shipped_at)
VALUES (:id, :number, :carrier, CAST(:tracking_numbers AS text[]), :actor, :at) RETURNING seq
""")
# Entering tracking numbers waits for whoever does the same.
_LOCK_SHIPMENT = text("""
SELECT seq, id, number, carrier, tracking_numbers, actor, shipped_at, version FROM shipment
WHERE number = :name OR CAST(id AS text) = :name FOR NO KEY UPDATE
""")
_SHIPMENT_LINES = text("""
SELECT order_number, line_no, item_code, quantity, unit FROM shipment_line WHERE shipment_seq = :seq ORDER BY position
""")
_SAVE_SHIPMENT = text("""
UPDATE shipment SET carrier = :carrier, tracking_numbers = CAST(:tracking_numbers AS text[]), version = version + 1
WHERE number = :number RETURNING version
""")
_RETURN = text("""
INSERT INTO customer_return (id, number, reason, quarantine, actor, returned_at)
VALUES (:id, :number, :reason, :quarantine, :actor, :at) RETURNING seq
""")
_LINES = {
    table: text(f"""
    INSERT INTO {table} ({key}, position, order_number, line_no, item_code, quantity, unit)
    SELECT :seq, position, order_number, line_no, item_code, quantity, unit
    FROM unnest(CAST(:positions AS int[]), CAST(:orders AS text[]), CAST(:line_nos AS int[]), CAST(:items AS text[]),
                CAST(:quantities AS numeric[]), CAST(:units AS text[]))
         AS t (position, order_number, line_no, item_code, quantity, unit)
    """)  # noqa: S608  constants
    for table, key in (("shipment_line", "shipment_seq"), ("customer_return_line", "return_seq"))
}


class SqlDocuments:
    """Writes documents; `today` is the factory's date."""

    def __init__(self, executor: Executor, today: date) -> None:
        self._executor = executor
        self._today = today

    async def next_number(self, prefix: str) -> str:
        running = (await self._executor.execute(_NEXT[prefix])).scalar_one()
        return document_number(prefix, self._today, running)

    async def add_receipt(self, note: ReceiptNote) -> None:
        of = note.receivable
        values = {
            "id": note.id, "number": note.number, "production_order": of.number, "order": of.order, "line_no": of.line_no,
            "item": of.item, "quantity": note.quantity, "unit": of.unit, "total": of.received, "device_id": note.device_id,
            "actor": note.actor, "at": note.at,
        }  # fmt: skip
        await self._executor.execute(_RECEIPT, values)

    async def add_shipment(self, note: ShipmentNote) -> None:
        values = {
            "id": note.id, "number": note.number, "carrier": note.carrier, "tracking_numbers": list(note.tracking_numbers),
            "actor": note.actor, "at": note.at,
        }  # fmt: skip
        seq = (await self._executor.execute(_SHIPMENT, values)).scalar_one()
        await self._executor.execute(_LINES["shipment_line"], _columns(seq, note.lines))

    async def locked_shipment(self, name: str) -> ShipmentNote | None:
        row = (await self._executor.execute(_LOCK_SHIPMENT, {"name": name})).one_or_none()
        if row is None:
            return None
        lines = await self._executor.execute(_SHIPMENT_LINES, {"seq": row.seq})
        return ShipmentNote(
            str(row.id), row.number, tuple(GoodsLine(*line) for line in lines), row.actor, row.shipped_at, row.carrier,
            tuple(row.tracking_numbers), row.version,
        )  # fmt: skip

    async def save_shipment(self, note: ShipmentNote) -> ShipmentNote:
        values = {"number": note.number, "carrier": note.carrier, "tracking_numbers": list(note.tracking_numbers)}
        version = (await self._executor.execute(_SAVE_SHIPMENT, values)).scalar_one()
        return replace(note, version=version)

    async def add_return(self, note: ReturnNote) -> None:
        values = {
            "id": note.id, "number": note.number, "reason": note.reason, "quarantine": note.quarantine, "actor": note.actor,
            "at": note.at,
        }  # fmt: skip
        seq = (await self._executor.execute(_RETURN, values)).scalar_one()
        await self._executor.execute(_LINES["customer_return_line"], _columns(seq, note.lines))


def _columns(seq: int, lines: Sequence[GoodsLine]) -> dict[str, Any]:
    return {
        "seq": seq, "positions": list(range(1, len(lines) + 1)), "orders": [line.order for line in lines],
        "line_nos": [line.line_no for line in lines], "items": [line.item for line in lines],
        "quantities": [line.quantity for line in lines], "units": [line.unit for line in lines],
    }  # fmt: skip
