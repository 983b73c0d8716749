"""Travellers: the paper that goes with a production order through the shop, with a code to scan at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway_service import texts
from gateway_service.paper.words import facts, local, qr, with_unit, words

HASH_LETTERS = 12


def content(jobs: Sequence[dict[str, Any]], source_refs: Mapping[str, str], now: datetime, *, two_up: bool) -> Any:
    """Return what the press needs: production orders as REST shows them, the customers' own numbers by order."""
    named = words("traveller")
    shown = [_job(job, source_refs.get(job["order_number"] or "", ""), named, now) for job in jobs]
    return {"words": named, "two_up": two_up, "jobs": shown}


def _job(job: dict[str, Any], source_ref: str, named: Mapping[str, str], now: datetime) -> dict[str, Any]:
    changes = [change["message"] for change in job["pending_changes"]]
    return {
        "number": job["number"],
        "state": job["state_text"],
        "item": f"{job['item_name'] or ''} {job['item_code'] or ''}".strip(),
        "quantity": with_unit(job["quantity"], job["unit"]),
        "due": job["due_date"] or "",
        "code": qr(job["scan_code"]),
        "warning": "；".join([*changes, *([job["banner"]] if job["banner"] else [])]),
        "facts": _facts(job, source_ref, named),
        "operations": [_operation(operation, job["unit"]) for operation in job["operations"]],
        "components": [_component(component) for component in job["components"]],
        "foot": texts.say(
            "traveller_foot",
            "line",
            {
                "routing": job["routing_code"] or "—",
                "hash": (job["bom_hash"] or "—")[:HASH_LETTERS],
                "printed": local(now),
            },
        ),
    }


def _facts(job: dict[str, Any], source_ref: str, named: Mapping[str, str]) -> list[list[str]]:
    return facts(
        {
            named["order"]: f"{job['order_number']} / {job['line_no']}" if job["order_number"] else "",
            named["source_ref"]: source_ref,
            named["customer"]: job["customer_name"],
            named["team"]: job["team"],
            named["urgency"]: texts.say("urgencies", job["urgency"] or "green"),
            named["priority"]: job["priority"],
            named["parent"]: job["parent_number"],
        }
    )


def _operation(operation: dict[str, Any], unit: str | None) -> dict[str, Any]:
    done = operation["good_quantity"] or "0"
    scrapped = operation["scrap_quantity"] or "0"
    return {
        "sequence": str(operation["sequence"]),
        "name": operation["name"] or "",
        "work_center": operation["work_center"] or "",
        "code": operation["scan_code"] or "",
        "qr": qr(operation["scan_code"]) if operation["scan_code"] else "",
        "good": "" if done == "0" else with_unit(done, unit),
        "scrap": "" if scrapped == "0" else with_unit(scrapped, unit),
    }


def _component(component: dict[str, Any]) -> dict[str, str]:
    return {
        "code": component["item_code"] or "",
        "name": component["item_name"] or "",
        "required": with_unit(component["required"], component["unit"]),
    }
