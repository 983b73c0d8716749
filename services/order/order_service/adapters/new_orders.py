"""New orders of several callers in one transaction: numbered, compared and stored together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

from chassis.database import Transaction
from chassis.sql import text
from order_service.adapters.messages import tell
from order_service.adapters.orders import ADD, DUPLICATE_HOURS, new_values, timeline_params
from order_service.domain.entry import wish_of
from order_service.domain.order import Order

# What `orders._NUMBER` holds for one, held for all, always in the same order.
_NUMBERS = text("""
WITH wishes AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(held) FROM (
    SELECT DISTINCT hashtextextended(key, 4712) AS held FROM unnest(CAST(:keys AS text[])) AS k (key) ORDER BY held) AS h
), customers AS MATERIALIZED (
  SELECT id FROM customer WHERE id = ANY(CAST(:customer_ids AS uuid[])) AND merged_into IS NULL ORDER BY id FOR SHARE
)
SELECT t.id, nextval('order_number') AS n
FROM unnest(CAST(:ids AS uuid[]), CAST(:of_customers AS uuid[])) WITH ORDINALITY AS t (id, customer_id, place)
JOIN customers c ON c.id = t.customer_id
WHERE (SELECT count(*) FROM wishes) > 0
ORDER BY t.place
""")
# As `orders._TWIN_BY_SOURCE` and `_TWIN_BY_CONTENT`, once for each order.
_TWINS = text("""
WITH asked AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:customer_ids AS uuid[]), CAST(:source_refs AS text[]),
    CAST(:channels AS text[]), CAST(:hashes AS text[]), CAST(:since AS timestamptz[]))
    AS t (id, customer_id, source_ref, channel, content_hash, since)
)
SELECT a.id, x.number, x.sales_owner, x.channel = a.channel AS repeated
FROM asked a CROSS JOIN LATERAL (
  SELECT o.number, o.sales_owner, o.channel FROM customer_order o
  WHERE o.customer_id = a.customer_id AND o.source_ref = a.source_ref AND o.source_ref <> '' AND o.cancelled_at IS NULL
  ORDER BY (o.channel = a.channel) DESC, o.id LIMIT 1
) x WHERE a.source_ref <> ''
UNION ALL
SELECT a.id, x.number, x.sales_owner, false
FROM asked a CROSS JOIN LATERAL (
  SELECT o.number, o.sales_owner FROM customer_order o
  WHERE o.customer_id = a.customer_id AND o.content_hash = a.content_hash AND o.created_at > a.since
    AND o.cancelled_at IS NULL
  ORDER BY o.id LIMIT 1
) x WHERE a.source_ref = ''
""")


class NewOrderRows:
    """New orders of one transaction; `speaking` makes what is told an order's own caller's word."""

    def __init__(self, unit: Transaction, speaking: Callable[[Order], AbstractContextManager[None]]) -> None:
        self._unit, self._speaking = unit, speaking

    async def next_numbers(self, orders: Sequence[Order]) -> Mapping[UUID, str]:
        """Return running numbers by order, without those whose customer was merged away; hold other entries of the wishes."""
        if not orders:
            return {}
        customers = [order.customer_id for order in orders]
        wishes = [wish_of(order.source_ref, order.content_hash) for order in orders]
        values = {
            "keys": [f"{customer}|{wish}" for customer, wish in zip(customers, wishes, strict=True)],
            "ids": [order.id for order in orders], "of_customers": customers, "customer_ids": sorted(set(customers)),
        }  # fmt: skip
        return {row.id: f"{row.n:04d}" for row in await self._unit.execute(_NUMBERS, values)}

    async def twins_of(self, orders: Sequence[Order]) -> tuple[Set[UUID], Mapping[UUID, tuple[str, str]]]:
        """Return which surely repeat an order, and by order the number and sales owner of one it may repeat (X5-X7)."""
        if not orders:
            return set(), {}
        values = {
            "ids": [order.id for order in orders], "customer_ids": [order.customer_id for order in orders],
            "source_refs": [order.source_ref for order in orders], "channels": [order.channel for order in orders],
            "hashes": [order.content_hash for order in orders],
            "since": [order.created_at - timedelta(hours=DUPLICATE_HOURS) for order in orders],
        }  # fmt: skip
        found = (await self._unit.execute(_TWINS, values)).all()
        return {row.id for row in found if row.repeated}, {row.id: (row.number, row.sales_owner) for row in found}

    async def add_all(self, orders: Sequence[Order]) -> None:
        """Store new orders and tell their events, each as its own caller."""
        values = []
        for order in orders:
            with self._speaking(order):
                values.append(new_values(order, timeline_params(order, self._unit)))
                for event in order.events:
                    tell(self._unit, order, event)
            order.events, order.notes, order.milestones = [], [], {}
        await self._unit.connection.execute_many(ADD, values)
