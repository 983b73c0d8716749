"""The shop floor's room: every production order dispatched, scanned step by step, inspected, received."""

from __future__ import annotations

import uuid
from datetime import datetime

from deploy.local.demo.rest import Json
from deploy.local.demo.rooms import FACTORY, Visit, expect

DEVICE = "PAD-DEMO"


def made(visit: Visit) -> str:
    """Make sub-assemblies before what they go into."""
    said = [make_one(visit, job["number"]) for job in sorted(visit.jobs, key=lambda job: not job.get("parent_number"))]
    wanted = [line["quantity"] for line in visit.order["lines"]]
    visit.api.until(
        visit.path,
        lambda order: [line["received_quantity"] for line in order["lines"]][:2] == wanted[:2],
        "the order did not hear of what was received",
    )
    shipped = [line["shipped_quantity"] for line in visit.api.get(visit.path)["lines"]]
    expect(shipped, ["0"] * len(wanted), "shipped after the receipt")
    return "\n".join(said)


def make_one(visit: Visit, number: str) -> str:
    """Dispatch, scan, inspect and receive one production order; return what happened."""
    job = visit.api.post(f"/production-orders/{number}:dispatch", {"team": "一班"})
    expect(job["state"], "dispatched", f"{number} after dispatch")
    for operation in job["operations"]:
        for action in ("start", "finish"):
            verdict = visit.api.post("/scans", scan(job, operation, action))
            expect(verdict["result"], "applied", f"scan {action} of {operation['name']}")
    path = f"/production-orders/{number}"
    visit.api.until(
        path, lambda found: bool(found["state"] == "awaiting_inspection"), f"{number} was never ready to inspect"
    )
    visit.api.post(f"{path}:inspect", {"passed": job["quantity"]})
    receipt = {"scan_id": str(uuid.uuid4()), "production_order": number, "quantity": job["quantity"]}
    visit.api.post("/receipts", receipt)
    done = visit.api.until(
        path, lambda found: found["state"] in ("received", "completed"), f"{number} was never received"
    )
    steps = " → ".join(operation["name"] for operation in job["operations"])
    return f"{number} {job['item_code']}×{job['quantity']}: {steps} → {done['state']}"


def scan(job: Json, operation: Json, action: str) -> Json:
    """Return a scan as a tablet sends it."""
    return {
        "scan_id": str(uuid.uuid4()), "code": job["scan_code"], "device_id": DEVICE, "action": action,
        "occurred_at": datetime.now(FACTORY).isoformat(), "operation_sequence": operation["sequence"],
    }  # fmt: skip
