"""Forgetting a person at a customer: where they are reached, and messages that name who signed (row 38)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import Transaction
from chassis.sql import text

ERASED = "***"
REASON = "CONTACT_ERASED"
_NAMES_PEOPLE = ("orderhub.order.v1.OrderSigned",)  # the only events that carry the name of somebody outside

# Whose of several contacts an address is nobody knows: it goes, and is bound again when somebody says so.
_UNBIND = text("DELETE FROM recipient_address WHERE recipient = :customer_id")
_ADDRESSES = text("""
UPDATE notification SET address = :erased,
  state = CASE WHEN state IN ('pending', 'held') AND lease IS NULL THEN 'expired' ELSE state END,
  reason = CASE WHEN state IN ('pending', 'held') AND lease IS NULL THEN :reason ELSE reason END
WHERE recipient = :customer_id AND address NOT IN ('', :erased)
""")
_TEXTS = text("""
UPDATE notification SET text = :erased, data = NULL, event = NULL
WHERE order_number = ANY(CAST(:orders AS text[])) AND event_type = ANY(CAST(:types AS text[])) AND text <> :erased
""")


async def forget_contact(unit: Transaction, customer_id: str, orders: Sequence[str]) -> None:
    """Forget where a customer is reached and who signed for these orders; a second time nothing is left to do."""
    values = {"customer_id": customer_id, "erased": ERASED}
    await unit.execute(_UNBIND, {"customer_id": customer_id})
    await unit.execute(_ADDRESSES, {**values, "reason": REASON})
    await unit.execute(_TEXTS, {"orders": list(orders), "types": list(_NAMES_PEOPLE), "erased": ERASED})
