"""Events of one order, as few fields as a test needs."""

from __future__ import annotations

from typing import Any

from orderhub.order.v1 import events_pb2 as order
from orderhub.planning.v1 import events_pb2 as planning

NUMBER = "SO20260214-0001"


def submitted(number: str = NUMBER, **fields: Any) -> order.OrderSubmitted:
    known = {"customer_name": "苏州启明", "urgency": "yellow", "sales_owner": "李雷", "due_date": "2026-02-16"}
    return order.OrderSubmitted(order_number=number, **{**known, **fields})


def fully_shipped(number: str = NUMBER, *tracking: str, customer_id: str = "c1") -> order.OrderFullyShipped:
    return order.OrderFullyShipped(
        order_number=number, customer_id=customer_id, customer_name="苏州启明", tracking_numbers=tracking
    )


def capacity(number: str = NUMBER, due_date: str = "2026-02-16") -> order.CapacityConfirmationRequested:
    return order.CapacityConfirmationRequested(
        order_number=number, customer_name="苏州启明", due_date=due_date, urgency="red", sales_owner="李雷"
    )


def shortage(number: str = NUMBER) -> planning.ShortageRaised:
    return planning.ShortageRaised(
        order_number=number,
        production_order_number="PO1",
        line_no=1,
        item_code="CU",
        item_name="铜线",
        short="5",
        unit="m",
    )
