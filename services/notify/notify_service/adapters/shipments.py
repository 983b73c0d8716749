"""What was entered of shipments after they left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from chassis.sql import text
from notify_service.adapters.repositories import Runs
from notify_service.app.ports import ShipmentWords

_LEARN = text("""
INSERT INTO shipment_words (order_number, shipment_number, version, tracking_numbers, shipped_at, told_at)
SELECT order_number, shipment_number, version, string_to_array(numbers, :comma), shipped_at, :now
FROM unnest(CAST(:orders AS text[]), CAST(:shipments AS text[]), CAST(:versions AS bigint[]), CAST(:numbers AS text[]),
            CAST(:times AS timestamptz[])) AS t (order_number, shipment_number, version, numbers, shipped_at)
ORDER BY order_number, shipment_number
ON CONFLICT (order_number, shipment_number) DO UPDATE
SET version = EXCLUDED.version, tracking_numbers = EXCLUDED.tracking_numbers, told_at = EXCLUDED.told_at
WHERE EXCLUDED.version > shipment_words.version
""")
_OF = text("""
SELECT order_number, shipment_number, version, tracking_numbers, shipped_at FROM shipment_words
WHERE order_number = ANY(CAST(:orders AS text[])) ORDER BY shipped_at, shipment_number
""")
COMMA = "\n"  # no tracking number holds a line break


class SqlShipments:
    """Shipments' words inside one transaction."""

    def __init__(self, runs: Runs, now: datetime) -> None:
        self._runs = runs
        self._now = now

    async def learn(self, words: Sequence[ShipmentWords]) -> None:
        """Keep the newest version of each."""
        values = {
            "orders": [one.order_number for one in words], "shipments": [one.shipment_number for one in words],
            "versions": [one.version for one in words], "times": [one.shipped_at for one in words],
            "numbers": [COMMA.join(one.tracking_numbers) for one in words], "comma": COMMA, "now": self._now,
        }  # fmt: skip
        await self._runs.execute(_LEARN, values)

    async def of(self, order_numbers: Collection[str]) -> list[ShipmentWords]:
        """Return what is known of these orders' shipments, in the order of shipping."""
        rows = await self._runs.execute(_OF, {"orders": sorted(order_numbers)})
        return [
            ShipmentWords(
                row.order_number, row.shipment_number, row.version, tuple(row.tracking_numbers), row.shipped_at
            )
            for row in rows
        ]
