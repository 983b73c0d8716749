"""The few facts of customer orders that planning shows: a copy fed by order's events."""

from __future__ import annotations

from datetime import date

from chassis.database import Transaction
from chassis.sql import text
from planning_service.domain.priority import URGENCY_WEIGHT, Urgency

_KEEP = text("""
INSERT INTO order_copy (order_number, order_id, customer_name, urgency, due_date, state, traceparent)
VALUES (:number, :id, :customer, coalesce(nullif(:urgency, ''), 'green'), :due, :state, :trace)
ON CONFLICT (order_number) DO UPDATE SET
  order_id = coalesce(nullif(excluded.order_id, ''), order_copy.order_id),
  customer_name = coalesce(nullif(excluded.customer_name, ''), order_copy.customer_name),
  urgency = coalesce(nullif(:urgency, ''), order_copy.urgency),
  due_date = coalesce(excluded.due_date, order_copy.due_date),
  state = coalesce(nullif(excluded.state, ''), order_copy.state),
  traceparent = coalesce(nullif(order_copy.traceparent, ''), excluded.traceparent)
""")


def weight_of(urgency: str) -> str:
    """Return SQL for the weight of an urgency, as domain/priority.py has it; an unknown one weighs as green."""
    cases = " ".join(f"WHEN '{known}' THEN {weight}" for known, weight in URGENCY_WEIGHT.items())
    return f"CASE {urgency} {cases} ELSE {URGENCY_WEIGHT[Urgency.GREEN]} END"


class OrderCopies:
    """Order copies in one transaction; empty values leave what is known."""

    def __init__(self, unit: Transaction) -> None:
        self._unit = unit

    async def keep(
        self,
        number: str,
        *,
        order_id: str = "",
        customer_name: str = "",
        urgency: str = "",
        due_date: date | None = None,
        state: str = "",
        traceparent: str = "",
    ) -> None:
        """Insert or update a copy."""
        values = {"number": number, "id": order_id, "customer": customer_name, "urgency": urgency}
        await self._unit.execute(_KEEP, {**values, "due": due_date, "state": state, "trace": traceparent})
