"""Facts about goods: each stored once; the quantities of order lines are their sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.sql import text
from order_service.app.facts import Shipment, ShipmentLine
from order_service.domain.invoicing import Returned, Share
from order_service.domain.line import Totals
from order_service.domain.texts import is_clean

_RECEIPT = text("""
INSERT INTO receipt (number, order_id, line_no, quantity, received_at, actor)
VALUES (:number, :order_id, :line_no, :quantity, :at, :actor) ON CONFLICT DO NOTHING
""")
_SHIPMENT = text("""
INSERT INTO shipment (number, id, carrier, tracking_numbers, shipped_at, version)
VALUES (:number, :id, :carrier, :tracking_numbers, :shipped_at, :version)
ON CONFLICT (number) DO UPDATE
SET carrier = EXCLUDED.carrier, tracking_numbers = EXCLUDED.tracking_numbers, version = EXCLUDED.version
WHERE EXCLUDED.version > shipment.version
""")
_SHIPMENT_LINES = text("""
INSERT INTO shipment_line (shipment_number, order_id, line_no, item_code, quantity, unit, actor, told)
SELECT :number, o.id, t.line_no, max(t.item_code), sum(t.quantity), max(t.unit), :actor, :told
FROM unnest(CAST(:orders AS text[]), CAST(:line_nos AS int[]), CAST(:items AS text[]), CAST(:quantities AS numeric[]),
            CAST(:units AS text[])) AS t (order_number, line_no, item_code, quantity, unit)
JOIN customer_order o ON o.number = t.order_number
GROUP BY o.id, t.line_no ORDER BY o.id, t.line_no
ON CONFLICT (shipment_number, order_id, line_no) DO UPDATE SET told = true, actor = EXCLUDED.actor
WHERE EXCLUDED.told AND NOT shipment_line.told
""")
_RETURN = text("""
INSERT INTO goods_return (number, order_id, line_no, quantity, reason, returned_at, actor)
SELECT :number, :order_id, t.line_no, sum(t.quantity), :reason, :at, :actor
FROM unnest(CAST(:line_nos AS int[]), CAST(:quantities AS numeric[])) AS t (line_no, quantity) GROUP BY t.line_no
ON CONFLICT DO NOTHING
""")
_UNSHARED = text("""
SELECT r.number, r.line_no, r.quantity - coalesce(sum(s.quantity), 0) AS quantity
FROM goods_return r LEFT JOIN return_share s
  ON s.order_id = r.order_id AND s.line_no = r.line_no AND s.return_number = r.number
WHERE r.order_id = :id GROUP BY r.number, r.order_id, r.line_no, r.quantity, r.returned_at
HAVING r.quantity > coalesce(sum(s.quantity), 0) ORDER BY r.returned_at, r.number, r.line_no
""")
_SHARES = text("""
INSERT INTO return_share (return_number, order_id, line_no, shipment_number, quantity)
SELECT t.number, :id, t.line_no, t.shipment, t.quantity
FROM unnest(CAST(:numbers AS text[]), CAST(:line_nos AS int[]), CAST(:shipments AS text[]), CAST(:quantities AS numeric[]))
  AS t (number, line_no, shipment, quantity)
ON CONFLICT (order_id, line_no, return_number, shipment_number) DO UPDATE
SET quantity = return_share.quantity + EXCLUDED.quantity
""")
_TOTALS = text("""
SELECT line_no, sum(received) AS received, sum(shipped) AS shipped, sum(returned) AS returned, sum(signed) AS signed,
       sum(invoiced) AS invoiced
FROM (
  SELECT line_no, quantity AS received, 0 AS shipped, 0 AS returned, 0 AS signed, 0 AS invoiced
  FROM receipt WHERE order_id = :id
  UNION ALL
  SELECT l.line_no, 0, l.quantity, 0, CASE WHEN s.signed_at IS NULL THEN 0 ELSE l.quantity END, 0
  FROM shipment_line l JOIN shipment s ON s.number = l.shipment_number WHERE l.order_id = :id AND l.told
  UNION ALL
  SELECT line_no, 0, 0, quantity, 0, 0 FROM goods_return WHERE order_id = :id
  UNION ALL
  SELECT line_no, 0, 0, 0, 0, quantity FROM invoice_line WHERE order_id = :id
) f GROUP BY line_no
""")
_TRACKING = text("""
SELECT DISTINCT ON (s.shipped_at, s.number) s.tracking_numbers FROM shipment s
JOIN shipment_line l ON l.shipment_number = s.number WHERE l.order_id = :id AND l.told ORDER BY s.shipped_at, s.number
""")
SHIPMENTS = text("""
SELECT s.number, s.id, s.carrier, s.tracking_numbers, s.shipped_at, s.signed_at, s.signed_by,
       l.line_no, l.item_code, l.quantity, l.unit, l.told, o.number AS order_number
FROM shipment s JOIN shipment_line l ON l.shipment_number = s.number JOIN customer_order o ON o.id = l.order_id
WHERE s.number = ANY(CAST(:numbers AS text[])) ORDER BY s.shipped_at, s.number, o.number, l.line_no
""")
_LOCK_SHIPMENT = text("SELECT number FROM shipment WHERE number = :ref OR id = :ref FOR NO KEY UPDATE")
_SIGN = text("UPDATE shipment SET signed_at = :at, signed_by = :by WHERE number = :number AND signed_at IS NULL")


class GoodsLedger:
    """Facts of one transaction."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def add_receipt(self, number: str, order_id: UUID, line_no: int, quantity: Decimal, at: datetime) -> None:
        """Store a receipt of finished goods once."""
        params = {"number": number, "order_id": order_id, "line_no": line_no, "quantity": quantity, "at": at}
        await self._unit.execute(_RECEIPT, {**params, "actor": self._unit.actor})

    async def add_shipment(self, shipment: Shipment) -> None:
        """Store a shipment's lines once; one only asked for counts from when it is told; of its words the latest stay."""
        header = {
            "number": shipment.number, "id": shipment.id, "carrier": shipment.carrier,
            "tracking_numbers": list(shipment.tracking_numbers), "shipped_at": shipment.shipped_at, "version": shipment.version,
        }  # fmt: skip
        await self._unit.execute(_SHIPMENT, header)
        lines = {
            "number": shipment.number, "actor": self._unit.actor, "told": shipment.told,
            "orders": [line.order_number for line in shipment.lines],
            "line_nos": [line.line_no for line in shipment.lines], "items": [line.item_code for line in shipment.lines],
            "quantities": [line.quantity for line in shipment.lines], "units": [line.unit for line in shipment.lines],
        }  # fmt: skip
        await self._unit.execute(_SHIPMENT_LINES, lines)

    async def add_return(
        self, number: str, order_id: UUID, lines: Sequence[ShipmentLine], reason: str, at: datetime
    ) -> None:
        """Store a return once."""
        params = {
            "number": number, "order_id": order_id, "reason": reason, "at": at, "actor": self._unit.actor,
            "line_nos": [line.line_no for line in lines], "quantities": [line.quantity for line in lines],
        }  # fmt: skip
        await self._unit.execute(_RETURN, params)

    async def unshared_returns(self, order_id: UUID) -> list[Returned]:
        """Return what came back and no shipment answers for yet, oldest first."""
        return [Returned(**row) for row in await self._unit.execute(_UNSHARED, {"id": order_id})]

    async def add_shares(self, order_id: UUID, shares: Sequence[Share]) -> None:
        """Store which shipments returned goods came from."""
        if shares:
            params = {
                "id": order_id, "numbers": [x.number for x in shares], "line_nos": [x.line_no for x in shares],
                "shipments": [x.shipment for x in shares], "quantities": [x.quantity for x in shares],
            }  # fmt: skip
            await self._unit.execute(_SHARES, params)

    async def totals(self, order_id: UUID) -> Mapping[int, Totals]:
        """Return the sums of the facts per line."""
        rows = await self._unit.execute(_TOTALS, {"id": order_id})
        return {row.line_no: Totals(row.received, row.shipped, row.returned, row.signed, row.invoiced) for row in rows}

    async def tracking_numbers(self, order_id: UUID) -> tuple[str, ...]:
        """Return every tracking number of an order, in the order of shipping."""
        rows = await self._unit.execute(_TRACKING, {"id": order_id})
        return tuple(dict.fromkeys(number for row in rows for number in row.tracking_numbers))

    async def shipment(self, ref: str) -> Shipment | None:
        """Return a shipment by id or number, locked; None when no copy is here."""
        if not is_clean(ref):
            return None
        number = (await self._unit.execute(_LOCK_SHIPMENT, {"ref": ref})).scalar()
        found = shipments_of(await self._unit.execute(SHIPMENTS, {"numbers": [number]})) if number else []
        return found[0] if found else None

    async def sign(self, number: str, by: str, at: datetime) -> None:
        await self._unit.execute(_SIGN, {"number": number, "by": by, "at": at})


def shipments_of(rows: Iterable[Any]) -> list[Shipment]:
    """Gather joined rows into shipments."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.number, []).append(row)
    return [_shipment(lines) for lines in found.values()]


def _shipment(rows: Sequence[Any]) -> Shipment:
    head = rows[0]
    lines = tuple(ShipmentLine(r.order_number, r.line_no, r.item_code, r.quantity, r.unit) for r in rows)
    return Shipment(
        head.id, head.number, head.carrier, tuple(head.tracking_numbers), head.shipped_at, lines, head.signed_at,
        head.signed_by, all(row.told for row in rows),
    )  # fmt: skip
