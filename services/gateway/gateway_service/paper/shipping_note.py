"""The shipping note: what is in a shipment, for whom, and where to sign for it; no prices, no phone numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway_service import texts
from gateway_service.paper.words import facts, local, qr, words


def content(shipment: dict[str, Any], orders: Mapping[str, dict[str, Any]], now: datetime) -> dict[str, Any]:
    """Return what the press needs: a shipment and the orders it serves, as REST shows them."""
    named, comma = words("shipping_note"), texts.say("phrases", "list")
    customers = {(order["customer"] or {}).get("name") or "" for order in orders.values()}
    contacts = {(order["contact"] or {}).get("name") or "" for order in orders.values()}
    return {
        "title": f"{named['title']} {shipment['number']}",
        "number": shipment["number"],
        "code": qr(shipment["number"]),
        "words": named,
        "facts": facts(
            {
                named["customer"]: comma.join(sorted(customers - {""})),
                named["contact"]: comma.join(sorted(contacts - {""})),
                named["shipped"]: local(shipment["shipped_at"]),
                named["carrier"]: shipment["carrier"],
                named["tracking"]: comma.join(shipment["tracking_numbers"]),
            }
        ),
        "lines": [_line(line, orders.get(line["order"] or "", {})) for line in shipment["lines"]],
        "made": texts.say("evidence", "made") + local(now),
    }


def _line(line: dict[str, Any], order: Mapping[str, Any]) -> list[str]:
    of_order: Mapping[str, Any] = next((one for one in order.get("lines", ()) if one["line_no"] == line["line_no"]), {})
    return [
        line["order"] or "",
        order.get("source_ref") or "",
        line["item_code"] or "",
        of_order.get("item_name") or "",
        line["quantity"] or "0",
        line["unit"] or "",
    ]
