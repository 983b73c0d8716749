"""One order through the played pods: the demo factory, an order, its plan, and what the others heard of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from deploy.k8s.smoke.podman import Podman
from deploy.local.demo.load import factory, load
from deploy.local.demo.rest import Json, Refused, Rest
from deploy.local.keys import ROLES, password

ADMIN = "admin"
DUE_DAYS = 20
PATIENCE_SECONDS = 120.0
Answer = TypeVar("Answer")


def walk(podman: Podman, gateway: str, url: str) -> str:
    """Create the administrator in the pod, fill the factory over REST, follow one order to its plan; return its number."""
    users = {role: {"username": role, "password": password()} for role in ROLES}
    secret = users[ADMIN]["password"]
    podman.run(
        "exec", "--env", f"ORDERHUB_ADMIN_PASSWORD={secret}", gateway,
        "python", "-m", "gateway_service", "create-admin", "--username", ADMIN,
    )  # fmt: skip
    api = Rest.signed_in({"gateway_url": url, "users": users}, ADMIN)
    api.http.timeout = (
        PATIENCE_SECONDS  # ten passwords hashed at once take half a minute on a machine that builds images
    )
    plant = factory()
    patient(lambda: load(api, plant, users))
    print("  signed in, factory loaded", flush=True)
    key = uuid.uuid4().hex
    number = patient(lambda: enter(api, plant["story"], key))
    plan = patient(lambda: api.post(f"/orders/{number}:plan", key=f"plan-{number}"))
    print(f"  {number} planned: {len(plan['production_orders'])} production orders, {len(plan['shortages'])} shortages")
    heard(api, number)
    return number


def patient(step: Callable[[], Answer]) -> Answer:
    """Take 503 for what it says, "try again": a busy machine misses the three seconds of a call. Steps are idempotent."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return step()
        except Refused as refusal:
            if ": 503 " not in str(refusal) or time.monotonic() > deadline:
                raise
        time.sleep(1)


def enter(api: Rest, story: Json, key: str) -> str:
    customer = api.get(f"/customers?q={story['customer']}")["items"][0]
    due = (datetime.now(UTC) + timedelta(days=DUE_DAYS)).date()
    body = {"customer_id": customer["id"], "channel": "wechat", "due_date": str(due), "lines": story["lines"]}
    number = str(api.post("/orders", body, f"order-{key}")["number"])
    api.post(f"/orders/{number}:confirm", key=f"confirm-{key}")
    return number


def heard(api: Rest, number: str) -> None:
    """The plan's event came back to the order through the broker, and inventory reserved on it."""
    found = api.until(
        f"/orders/{number}", lambda order: order["state"] == "planned", "the order never heard of its plan"
    )
    api.until(
        f"/production-orders?order={number}",
        lambda page: any(c["reserved"] != "0" or c["short"] != "0" for job in page["items"] for c in job["components"]),
        "inventory never answered the plan",
    )  # fmt: skip
    print(f"  {number} is {found['state']}; inventory has answered")
