"""The evidence of one order on paper (S84): what happened, when, by whom, how long each stage took, and a hash of it.

The facts travel inside the PDF as `evidence.json`, byte for byte as they were hashed, so anybody can check the hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway_service import texts
from gateway_service.paper.words import facts, local, with_unit, words
from gateway_service.rendering import to_json

SHARED = ("at", "text")
OWN = (*SHARED, "actor")


def content(
    order: dict[str, Any],
    told: dict[str, Any],
    timeline: Sequence[dict[str, Any]],
    shipments: Sequence[dict[str, Any]],
    now: datetime,
    *,
    with_people: bool,
) -> dict[str, Any]:
    """Return what the press needs; people only in the copy that stays in the house."""
    kept = OWN if with_people else SHARED
    events = [{name: entry[name] for name in kept} for entry in timeline]
    source = to_json(_facts(order, told, events, shipments)).decode()
    named = words("evidence_sheet")
    return {
        "title": texts.say("evidence", "title", {"number": order["number"]}),
        "state": order["state_text"],
        "sentence": told["sentence"] or "",
        "words": named,
        "facts": facts(
            {
                named["customer"]: (order["customer"] or {}).get("name"),
                named["source_ref"]: order["source_ref"],
                named["due"]: order["due_date"],
                named["created"]: local(order["created_at"]),
            }
        ),
        "dwells": _dwells(told),
        "moments": told["events"],
        "lines": [_line(line) for line in order["lines"]],
        "parcels": [_parcel(shipment) for shipment in shipments],
        "events": [[local(event["at"]), event["text"] or "", *([event["actor"] or ""] if with_people else [])]
                   for event in events],
        "with_people": with_people,
        "source": source,
        "sha256": hashlib.sha256(source.encode()).hexdigest(),
        "made": texts.say("evidence", "made") + local(now),
    }  # fmt: skip


def _facts(order: dict[str, Any], told: dict[str, Any], events: Any, shipments: Any) -> dict[str, Any]:
    """Return the bare facts; no prices and no phone numbers are among them."""
    lines = ("line_no", "item_code", "item_name", "quantity", "unit", "due_date", "received_quantity",
             "shipped_quantity", "returned_quantity", "signed_quantity", "cancelled_quantity")  # fmt: skip
    return {
        "order_number": order["number"],
        "source_ref": order["source_ref"],
        "customer": (order["customer"] or {}).get("name"),
        "state": order["state"],
        "due_date": order["due_date"],
        "lines": [{name: line[name] for name in lines} for line in order["lines"]],
        "moments": [{name: event[name] for name in ("stage", "at")} for event in told["events"]],
        "dwells": [{name: dwell[name] for name in ("stage", "hours", "working_hours")} for dwell in told["dwells"]],
        "shipments": [{name: one[name] for name in ("number", "carrier", "tracking_numbers", "shipped_at")}
                      for one in shipments],
        "events": events,
    }  # fmt: skip


def _dwells(told: dict[str, Any]) -> list[dict[str, Any]]:
    longest = max((Decimal(dwell["hours"] or 0) for dwell in told["dwells"]), default=Decimal(0))
    return [
        {
            "name": dwell["name"],
            "took": dwell["text"],
            "working": texts.say("phrases", "hours", {"hours": dwell["working_hours"]})
            if dwell["working_hours"]
            else "",
            "share": float(Decimal(dwell["hours"] or 0) * 100 / longest)
            if longest
            else 0.0,  # a bar's width in percent
            "longest": dwell["stage"] == told["longest_stage"],
        }
        for dwell in told["dwells"]
    ]


def _line(line: dict[str, Any]) -> list[str]:
    quantities = (with_unit(line[name], line["unit"]) for name in ("quantity", "received_quantity", "shipped_quantity"))
    return [line["item_code"] or "", line["item_name"] or "", *quantities]


def _parcel(shipment: dict[str, Any]) -> list[str]:
    numbers = texts.say("phrases", "list").join(shipment["tracking_numbers"])
    return [shipment["number"], local(shipment["shipped_at"]), shipment["carrier"] or "", numbers]
