"""Builders that show only what matters."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from order_service.adapters.phones import normalise
from order_service.domain.capacity import CapacityRule
from order_service.domain.entry import Known, KnownCustomer, LineEntry, OrderEntry
from order_service.domain.item import Item
from order_service.domain.line import Line
from order_service.domain.order import Order

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
TODAY = date(2026, 11, 22)
CUSTOMER = KnownCustomer(UUID(int=1), "启明机电", (("王工", "+8613800138000"), ("小李", "")))
ITEMS = {
    "A": Item("A", "A电机", "台", whole_units=True),
    "C": Item("C", "C线缆", "m"),
    "OLD": Item("OLD", "旧款", "台", active=False),
}
KNOWN = Known(CUSTOMER, {"phone", "wechat"}, ITEMS, TODAY, NOW, normalise, CapacityRule().notice(TODAY))


def entry(*lines: LineEntry, **values: Any) -> OrderEntry:
    made: dict[str, Any] = {"customer_id": str(CUSTOMER.id), "channel": "phone", "due_date": "2026-12-01"}
    return OrderEntry(**{**made, "lines": lines or (LineEntry("A", "2"),), **values})


def line(line_no: int = 1, quantity: str = "10", due: date = date(2026, 12, 1), **values: Any) -> Line:
    made: dict[str, Any] = {
        "line_no": line_no, "item_code": "A", "item_name": "A电机", "quantity": Decimal(quantity), "unit": "台",
        "due_date": due, "due_date_inherited": True, "unit_price": None, "entered_quantity": Decimal(quantity),
        "entered_unit": "台",
    }  # fmt: skip
    return Line(**{**made, **values})


def order(*lines: Line, **values: Any) -> Order:
    made: dict[str, Any] = {
        "id": UUID(int=7), "number": "SO20261122-0001", "customer_id": CUSTOMER.id, "entered_customer_id": CUSTOMER.id,
        "customer_name": CUSTOMER.name, "invoice_policy": CUSTOMER.invoice_policy, "contact_name": "",
        "contact_phone": "", "channel": "phone", "source_ref": "",
        "due_date": date(2026, 12, 1), "urgency": "green", "sales_owner": "", "kind": "firm", "ship_on_receipt": False,
        "note": "", "attachment_ids": (), "confirm_requested": False, "capacity_required": False, "content_hash": "",
        "traceparent": "", "created_at": NOW, "created_by": "li.na", "updated_at": NOW, "lines": list(lines or [line()]),
    }  # fmt: skip
    return Order(**{**made, **values})
