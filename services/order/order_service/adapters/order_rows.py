"""The columns of an order and its lines: one list for reading, inserting and updating."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from chassis.sql import Row, Statement, text
from order_service.domain.line import Line
from order_service.domain.order import Order

FIXED = ("id", "number", "entered_customer_id", "channel", "traceparent", "created_at", "created_by")
CHANGING = (
    "customer_id", "contact_name", "contact_phone", "source_ref", "due_date", "urgency", "sales_owner", "kind",
    "ship_on_receipt", "note", "attachment_ids", "confirm_requested", "capacity_required", "capacity_confirmed_at",
    "capacity_notice_days",
    "capacity_note", "duplicate_of", "duplicate_released_at", "confirmed_at", "planned_at", "started_at",
    "fully_shipped_at", "held_at", "cancelled_at", "reason", "state", "version", "token_epoch", "content_hash",
    "updated_at",
)  # fmt: skip
LINE_TYPES = {
    "line_no": "int", "item_code": "text", "item_name": "text", "quantity": "numeric", "unit": "text",
    "due_date": "date", "due_date_inherited": "boolean", "unit_price": "numeric", "entered_quantity": "numeric",
    "entered_unit": "text", "planned_quantity": "numeric", "received_quantity": "numeric",
    "shipped_quantity": "numeric", "returned_quantity": "numeric", "invoiced_quantity": "numeric",
    "signed_quantity": "numeric", "cancelled_quantity": "numeric",
}  # fmt: skip
LINE_COLUMNS = tuple(LINE_TYPES)
_READ = [name for name in (*FIXED, *CHANGING) if name != "state"]

SELECT_HEADER = f"""
SELECT {", ".join(f"o.{name}" for name in _READ)}, c.name AS customer_name,
  c.invoice_policy
FROM customer_order o JOIN customer c ON c.id = o.customer_id
"""  # noqa: S608  constants
BY_ID = text(SELECT_HEADER + "WHERE o.id = :id")
BY_NUMBER = text(SELECT_HEADER + "WHERE o.number = :number")
_LOCK_BY_ID = text(SELECT_HEADER + "WHERE o.id = :id FOR NO KEY UPDATE OF o")
_LOCK_BY_NUMBER = text(SELECT_HEADER + "WHERE o.number = :number FOR NO KEY UPDATE OF o")
LINES = text(f"""
SELECT order_id, {", ".join(LINE_COLUMNS)} FROM order_line
WHERE order_id = ANY(CAST(:ids AS uuid[])) ORDER BY order_id, line_no
""")  # noqa: S608  constants
INSERT_HEADER = f"""
INSERT INTO customer_order ({", ".join((*FIXED, *CHANGING))})
VALUES ({", ".join(f":{name}" if name not in LINE_TYPES else f":order_{name}" for name in (*FIXED, *CHANGING))})
"""  # noqa: S608  constants
UPDATE = text(
    f"UPDATE customer_order SET {', '.join(f'{name} = :{name}' for name in CHANGING)} WHERE id = :id"  # noqa: S608
)
INSERT_LINES = f"""
INSERT INTO order_line (order_id, {", ".join(LINE_COLUMNS)})
SELECT :order_id, {", ".join(LINE_COLUMNS)}
FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in LINE_TYPES.items())}) AS t ({", ".join(LINE_COLUMNS)})
"""  # noqa: S608  constants
STORE_LINES = text(f"""{INSERT_LINES}
ON CONFLICT (order_id, line_no) DO UPDATE
SET {", ".join(f"{name} = EXCLUDED.{name}" for name in LINE_COLUMNS if name != "line_no")}
""")


def read_id(ref: str) -> UUID | None:
    """Return the id a text says; None when it is a number or nothing."""
    if len(ref) == 36:
        with contextlib.suppress(ValueError):
            return UUID(ref)
    return None


def lock_by(ref: str) -> Statement:
    """Return the locking query for an id or a number."""
    return _LOCK_BY_NUMBER if read_id(ref) is None else _LOCK_BY_ID


def find_by(ref: str) -> Statement:
    """Return the query for an id or a number."""
    return BY_NUMBER if read_id(ref) is None else BY_ID


def ref_params(ref: str) -> dict[str, Any]:
    """Return the parameters that go with lock_by and find_by."""
    found = read_id(ref)
    return {"number": ref} if found is None else {"id": found}


def order_of(row: Row, lines: Sequence[Row]) -> Order:
    """Return the order of its rows."""
    values = dict(row)
    values["attachment_ids"] = tuple(values["attachment_ids"])
    own = [Line(**{name: getattr(line, name) for name in LINE_COLUMNS}) for line in lines]
    return Order(**values, lines=own)


def joined(headers: Sequence[Row], lines: Sequence[Row]) -> list[Order]:
    """Return the orders of header rows, each with its own of the line rows."""
    own: dict[UUID, list[Row]] = {row.id: [] for row in headers}
    for line in lines:
        own[line.order_id].append(line)
    return [order_of(row, own[row.id]) for row in headers]


def header_params(order: Order) -> dict[str, Any]:
    """Return every stored value of the header; the due date has a name apart from the lines'."""
    values = {name: getattr(order, name) for name in (*FIXED, *CHANGING)}
    values["attachment_ids"] = list(order.attachment_ids)
    return values | {"order_due_date": order.due_date}


def line_params(order: Order) -> dict[str, Any]:
    """Return the lines as columns."""
    columns: dict[str, Any] = {name: [getattr(line, name) for line in order.lines] for name in LINE_COLUMNS}
    return {"order_id": order.id, **columns}


assert set(LINE_COLUMNS) == {field.name for field in fields(Line)}
