"""Delivery figures: on time, late and how late, order to ship (S2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from chassis.database import Database
from chassis.sql import Row, text

VERDICTS = ("on_time", "late", "pending")
FILTERS = ("urgency", "customer_id", "channel", "sales_owner")
GROUPS = ("channel", "urgency", "sales_owner")
# An order is done on the factory day its last shipment left; one that is open is late from the day after it was due.
# A cancelled one does not count, one closed short counts as what it became.
_ORDERS = """
SELECT d.*, coalesce(k.n, 0) AS complaints, CASE WHEN coalesce(done_on, :today) > due_date THEN 'late' WHEN done_on IS NULL THEN 'pending' ELSE 'on_time' END
         AS verdict, greatest(coalesce(done_on, :today) - due_date, 0) AS days_late
FROM (
  SELECT o.id, o.number, o.due_date, o.urgency, o.channel, o.state, o.sales_owner, o.created_at, c.name AS customer_name,
    CASE WHEN o.state = 'closed_short' THEN m.shipped ELSE o.fully_shipped_at END AS done_at,
    CAST((CASE WHEN o.state = 'closed_short' THEN m.shipped ELSE o.fully_shipped_at END) AT TIME ZONE :zone AS date) AS done_on
  FROM customer_order o JOIN customer c ON c.id = o.customer_id LEFT JOIN order_milestones m ON m.order_id = o.id
  WHERE o.due_date BETWEEN :first AND :last AND o.state <> 'cancelled' AND o.kind = 'firm' {filters}
) d LEFT JOIN (SELECT order_id, CAST(count(*) AS int) AS n FROM complaint GROUP BY order_id) k ON k.order_id = d.id
"""
_FIGURES = """
SELECT to_char(due_date, 'YYYY-MM') AS month, {key} AS key, count(*) AS orders,
  count(*) FILTER (WHERE verdict = 'on_time') AS on_time, count(*) FILTER (WHERE verdict = 'late') AS late,
  count(*) FILTER (WHERE verdict = 'pending') AS pending, coalesce(sum(days_late), 0) AS days_late,
  count(*) FILTER (WHERE urgency = 'red' AND verdict <> 'pending') AS rush_decided,
  count(*) FILTER (WHERE urgency = 'red' AND verdict = 'late') AS rush_late,
  count(*) FILTER (WHERE complaints > 0) AS complained, coalesce(sum(complaints), 0) AS complaints,
  count(done_at) AS shipped, coalesce(sum(date_part('epoch', done_at - created_at)), 0) AS seconds_to_ship
FROM ({orders}) v GROUP BY GROUPING SETS ((), (to_char(due_date, 'YYYY-MM')) {set})
ORDER BY month NULLS FIRST, key NULLS FIRST
"""
_LIST = """
SELECT id, number, customer_name, sales_owner, due_date, urgency, state, done_on, verdict, days_late, complaints FROM ({orders}) v
WHERE true {verdict} {complained} {after} ORDER BY days_late DESC, id DESC LIMIT :limit
"""
_PLACES = Decimal("0.0001")
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Scope:
    """Orders due between two days (both counted), narrowed by what is given."""

    first: date
    last: date
    only: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one month, or group, or all of the period, and what follows from them; None where nothing was counted."""

    month: str
    key: str
    orders: int
    on_time: int
    late: int
    pending: int
    rush_decided: int
    rush_late: int
    complained: int
    complaints: int
    shipped: int
    days_late: int
    seconds_to_ship: Decimal

    @property
    def on_time_rate(self) -> Decimal | None:
        return _share(Decimal(self.on_time), self.on_time + self.late)

    @property
    def rush_late_rate(self) -> Decimal | None:
        return _share(Decimal(self.rush_late), self.rush_decided)

    @property
    def complaint_rate(self) -> Decimal | None:
        return _share(Decimal(self.complained), self.orders)

    def complaint_change(self, before: Figures | None) -> Decimal | None:
        """Return by how many percent of the rate before the rate rose; None without one."""
        if before is None or not before.complained or not self.orders:
            return None
        rates = [Decimal(one.complained) / one.orders for one in (self, before)]
        return ((rates[0] / rates[1] - 1) * 100).quantize(_TENTH, ROUND_HALF_EVEN)

    @property
    def mean_days_late(self) -> Decimal | None:
        return _share(Decimal(self.days_late), self.late)

    @property
    def order_to_ship_days(self) -> Decimal | None:
        return _share(self.seconds_to_ship / 86400, self.shipped)


@dataclass(frozen=True, slots=True)
class DeliveryOrder:
    """One order behind the figures."""

    id: UUID
    number: str
    customer_name: str
    sales_owner: str
    due_date: date
    urgency: str
    state: str
    done_on: date | None
    verdict: str
    days_late: int
    complaints: int


class DeliveryViews:
    """Answers about deliveries."""

    def __init__(self, database: Database, zone: str) -> None:
        self._database = database
        self._zone = zone

    async def figures(self, scope: Scope, group_by: str = "") -> list[Figures]:
        """Return the figures of the whole period, then of each of its groups, then of each month."""
        grouped = f", ({group_by})" if group_by else ""
        query = text(_FIGURES.format(orders=_orders(scope), key=group_by or "CAST(NULL AS text)", set=grouped))
        async with self._database.read() as connection:
            return [_figures(row) for row in await connection.execute(query, self._params(scope))]

    async def orders(
        self, scope: Scope, verdict: str, after: tuple[int, UUID] | None, limit: int, *, complained: bool = False
    ) -> list[DeliveryOrder]:
        """Return the orders of a verdict (any when empty), latest first, after the days late and id last seen.

        `complained` leaves those out that nobody complained about.
        """
        params = {**self._params(scope), "limit": limit}
        if verdict:
            params["verdict"] = verdict
        if after is not None:
            params |= {"days": after[0], "after": after[1]}
        query = text(
            _LIST.format(
                orders=_orders(scope),
                verdict="AND verdict = :verdict" if verdict else "",
                complained="AND complaints > 0" if complained else "",
                after="AND (days_late, id) < (:days, :after)" if after else "",
            )
        )
        async with self._database.read() as connection:
            return [DeliveryOrder(*row) for row in await connection.execute(query, params)]

    def _params(self, scope: Scope) -> dict[str, Any]:
        today = self._database.clock.today()
        return {"first": scope.first, "last": scope.last, "zone": self._zone, "today": today, **scope.only}


def _orders(scope: Scope) -> str:
    return _ORDERS.format(filters=" ".join(f"AND o.{name} = :{name}" for name in FILTERS if name in scope.only))


def _figures(row: Row) -> Figures:
    values = dict(row)
    seconds = Decimal(repr(values.pop("seconds_to_ship")))
    return Figures(**{**values, "month": row.month or "", "key": row.key or "", "seconds_to_ship": seconds})


def _share(part: Decimal, whole: int) -> Decimal | None:
    return (part / whole).quantize(_PLACES, ROUND_HALF_EVEN) if whole else None
