"""The rooms one order visits, except the shop floor; each says what it saw, or refuses with what was wrong."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from deploy.local.demo.ears import Ears
from deploy.local.demo.rest import DEADLINE_S, PAUSE_S, Json, Refused, Rest

FACTORY = ZoneInfo("Asia/Shanghai")
DAYS_AHEAD = 2  # less than the three that need no capacity confirmation


@dataclass(slots=True)
class Visit:
    """What the walk knows so far."""

    api: Rest
    facts: Json
    story: Json
    ears: Ears
    number: str = ""
    order: Json = field(default_factory=dict)
    jobs: list[Json] = field(default_factory=list)
    parcels: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Return the order's path."""
        return f"/orders/{self.number}"


def expect(found: Any, wanted: Any, what: str) -> None:
    """Raise Refused unless `found` is what was wanted."""
    if found != wanted:
        raise Refused(f"{what}: expected {wanted}, found {found}")


def comes_in(visit: Visit) -> str:
    """Submit the story's order: its due date is near, so it must ask for a capacity confirmation."""
    story, today = visit.story, datetime.now(FACTORY).date()
    customers = visit.api.get(f"/customers?q={story['customer']}")["items"]
    if not customers:
        raise Refused(f"the demo customer {story['customer']} is missing: remove .run/demo.loaded and run `make up`")
    body = {
        "customer_id": customers[0]["id"], "channel": "wechat", "source_ref": f"WX-{uuid.uuid4().hex[:8]}",
        "due_date": str(today + timedelta(days=DAYS_AHEAD)), "urgency": "red", "sales_owner": "sales",
        "lines": story["lines"],
    }  # fmt: skip
    visit.order = visit.api.post("/orders", body)
    visit.number = visit.order["number"]
    expect(visit.order["state"], "needs_capacity_confirmation", "state after submission")
    warnings = [warning["message"] for warning in visit.order["warnings"]]
    if not any("该交期需确认产能" in message for message in warnings):
        raise Refused(f"the capacity warning is missing: {warnings}")
    lines = " + ".join(f"{line['item_name']}×{line['quantity']}" for line in visit.order["lines"])
    return (
        f"{visit.number}: {lines}, due {visit.order['due_date']}\n{'; '.join(warnings)}\n{visit.order['tracking_url']}"
    )


def told(visit: Visit) -> str:
    """Wait until the order group and the planning supervisor were told."""

    def both() -> list[Json]:
        found = [message for message in messages(visit) if visit.number in message["text"]]
        asked = any("产能" in message["text"] for message in found)
        return found if asked and len({message["target"] for message in found}) >= 2 else []

    return shown(waited(both, "the order group and the planning supervisor were not told"))


def messages(visit: Visit) -> list[Json]:
    """Return what the sink has got."""
    answer = httpx2.get(f"{visit.facts['notify_sink_url']}/messages", timeout=DEADLINE_S, trust_env=False)
    items: list[Json] = answer.json()["items"]
    return items


def waited(probe: Any, what: str) -> Any:
    """Return what `probe` finds within DEADLINE_S; raise Refused."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := probe()):
        if time.monotonic() > deadline:
            raise Refused(what)
        time.sleep(PAUSE_S)
    return found


def shown(found: list[Json]) -> str:
    """Return messages as lines."""
    return "\n".join(f"[{message['channel']} → {message['target']}] {message['text']}" for message in found)


def confirmed(visit: Visit) -> str:
    """Confirm capacity, then the order."""
    order = visit.api.post(f"{visit.path}:confirm_capacity", {"note": "加班可赶上"})
    expect(order["state"], "submitted", "state after the capacity confirmation")
    order = visit.api.post(f"{visit.path}:confirm")
    expect(order["state"], "confirmed", "state after the confirmation")
    return "needs_capacity_confirmation → submitted → confirmed"


def planned(visit: Visit) -> str:
    """Plan twice, with one result; the shortage must be said and the banner come up."""
    plan = visit.api.post(f"{visit.path}:plan")
    told = [shortage["message"] for shortage in plan["shortages"]]
    expect(told, ["缺料预警：铜线差5m"], "shortages")
    again = visit.api.post(f"{visit.path}:plan")
    numbers = [job["number"] for job in plan["production_orders"]]
    expect([job["number"] for job in again["production_orders"]], numbers, "production orders of a second press")
    visit.jobs = plan["production_orders"]
    visit.api.until(jobs_of(visit), lambda page: any(job["banner"] for job in page["items"]), "no banner came up")
    jobs = "\n".join(f"{job['number']} {job['item_code']}×{job['quantity']}" for job in visit.jobs)
    return f"{jobs}\npick list of {len(plan['pick_list'])} items\n{told[0]}"


def jobs_of(visit: Visit) -> str:
    """Return the path of the order's production orders."""
    return f"/production-orders?order={visit.number}"


def covered(visit: Visit) -> str:
    """Receive what is short; the banner must clear."""
    story = visit.story
    lines = [{"item_code": story["short_item"], "quantity": story["short_by"]}]
    began = time.monotonic()
    visit.api.post("/stock/movements", {"kind": "receipt", "lines": lines, "reason": "采购到货"})
    visit.api.until(
        jobs_of(visit),
        lambda page: not any(job["banner"] for job in page["items"]),
        "the shortage banner did not clear",
    )
    return f"banner cleared {(time.monotonic() - began) * 1000:.0f} ms after the receipt was sent"


def shipped(visit: Visit) -> str:
    """Ship in two parts, each with a parcel of its own."""
    lines = visit.api.get(visit.path)["lines"]
    stamp = f"{int(time.time()) % 10**8:08d}"
    visit.parcels = [f"SF{stamp}1", f"SF{stamp}2"]
    first = [ship_line(visit, lines[0], "1"), ship_line(visit, lines[2], lines[2]["quantity"])]
    rest = [ship_line(visit, lines[0], "1"), ship_line(visit, lines[1], lines[1]["quantity"])]
    for part, parcel, state in ((first, visit.parcels[0], "part_shipped"), (rest, visit.parcels[1], "shipped")):
        visit.api.post("/shipments", {"lines": part, "carrier": "顺丰", "tracking_numbers": [parcel]})
        becomes(visit, state)
    return f"part_shipped ({visit.parcels[0]}) → shipped ({visit.parcels[1]})"


def becomes(visit: Visit, state: str) -> Json:
    """Wait until the order is in a state."""
    return visit.api.until(visit.path, lambda order: bool(order["state"] == state), f"the order never became {state}")


def ship_line(visit: Visit, line: Json, quantity: str) -> Json:
    """Return one line of a shipment."""
    return {"order": visit.number, "line_no": line["line_no"], "quantity": quantity}


def invoice_task(visit: Visit) -> str:
    """Wait for the invoice task; there must be exactly one."""
    path = f"/invoice-tasks?state=open&order={visit.number}"
    tasks = visit.api.until(path, lambda page: bool(page["items"]), "no invoice task was opened")["items"]
    expect(len(tasks), 1, "open invoice tasks")
    return "; ".join(f"line {line['line_no']}: {line['quantity']}" for line in tasks[0]["lines"])


def customer_told(visit: Visit) -> str:
    """Wait for the one message with every tracking number, and open the tracking page."""
    wanted = f"贵司订单{visit.number}已全部发出，物流单号"
    found = waited(lambda: [m for m in messages(visit) if wanted in m["text"]], "the customer was not told")
    expect(len(found), 1, "messages to the customer")
    expect([parcel for parcel in visit.parcels if parcel not in found[0]["text"]], [], "tracking numbers left out")
    token = visit.order["tracking_url"].rstrip("/").rsplit("/", 1)[-1]
    page = Rest(visit.api.http).get(f"/track/{token}")
    return f"{shown(found)}\ntracking page: {page.get('state', page.get('status', 'shown'))}"


def signed(visit: Visit) -> str:
    """Sign for every shipment and read where the time went."""
    for shipment in visit.api.get(f"{visit.path}/overview")["shipments"]:
        visit.api.post(f"/shipments/{shipment.get('id') or shipment['number']}:sign", {"signed_by": "李工"})
    becomes(visit, "signed")
    lead = visit.api.get(f"{visit.path}/lead-time")
    return f"signed by 李工\n{lead.get('sentence') or ''}".strip()
