"""Proves the caches: the stored state against the rule, line quantities against the sums of their facts."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta

import structlog
from opentelemetry import metrics

from chassis.database import Database
from chassis.sql import text
from order_service.adapters import order_rows as rows

EVERY_SECONDS = 900.0
LOOK_BACK = timedelta(hours=1)
LIMIT = 2000
_drift = metrics.get_meter("order").create_gauge(
    "order_cache_drift", description="Orders whose cache is wrong; 0 is right"
)
log = structlog.get_logger()

_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_RECENT = text(f"{rows.SELECT_HEADER} WHERE o.updated_at > :since ORDER BY o.updated_at DESC LIMIT :limit")
_STATES = text("SELECT id, state FROM customer_order WHERE id = ANY(CAST(:ids AS uuid[]))")
_SUMS = text("""
SELECT o.number, l.line_no FROM customer_order o JOIN order_line l ON l.order_id = o.id
LEFT JOIN LATERAL (SELECT sum(quantity) AS q FROM receipt f WHERE f.order_id = o.id AND f.line_no = l.line_no) r ON true
LEFT JOIN LATERAL (
  SELECT sum(f.quantity) AS q, sum(f.quantity) FILTER (WHERE s.signed_at IS NOT NULL) AS signed
  FROM shipment_line f JOIN shipment s ON s.number = f.shipment_number
  WHERE f.order_id = o.id AND f.line_no = l.line_no AND f.told) s ON true
LEFT JOIN LATERAL (SELECT sum(quantity) AS q FROM goods_return f WHERE f.order_id = o.id AND f.line_no = l.line_no) b ON true
LEFT JOIN LATERAL (SELECT sum(quantity) AS q FROM invoice_line f WHERE f.order_id = o.id AND f.line_no = l.line_no) i ON true
WHERE o.id = ANY(CAST(:ids AS uuid[])) AND (
  l.received_quantity <> coalesce(r.q, 0) OR l.shipped_quantity <> coalesce(s.q, 0)
  OR l.signed_quantity <> coalesce(s.signed, 0) OR l.returned_quantity <> coalesce(b.q, 0)
  OR l.invoiced_quantity <> coalesce(i.q, 0))
ORDER BY o.number, l.line_no
""")


@dataclass(frozen=True, slots=True)
class Drift:
    """A cache that does not say what its facts say."""

    order_number: str
    what: str
    stored: str
    derived: str


class SelfCheck:
    """Looks at the orders changed lately."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def drifts(self, look_back: timedelta = LOOK_BACK, limit: int = LIMIT) -> list[Drift]:
        """Return every wrong cache among the newest `limit` orders changed within `look_back`."""
        since = self._database.clock.now() - look_back
        async with self._database.transaction(who="self-check") as unit:
            await unit.execute(_SNAPSHOT)
            headers = (await unit.execute(_RECENT, {"since": since, "limit": limit})).all()
            ids = [row.id for row in headers]
            stored = {row.id: row.state for row in await unit.execute(_STATES, {"ids": ids})}
            orders = rows.joined(headers, (await unit.execute(rows.LINES, {"ids": ids})).all())
            sums = (await unit.execute(_SUMS, {"ids": ids})).all()
        wrong = [order for order in orders if order.state != stored[order.id]]
        return [
            *(Drift(order.number, "state", stored[order.id], order.state) for order in wrong),
            *(Drift(row.number, f"quantities of line {row.line_no}", "", "") for row in sums),
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Check every quarter of an hour until `stop`; a drift is an alert, never repaired in silence."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
                return
            try:
                found = await self.drifts()
            except Exception as error:
                log.warning("self_check_failed", error=repr(error))
                continue
            _drift.set(len(found))
            for one in found:
                log.error("cache_drift", order=one.order_number, what=one.what, stored=one.stored, derived=one.derived)
