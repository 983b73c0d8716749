"""One order through the played pods: the demo factory, an order, its plan, and what the others heard of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deploy.k8s.smoke.podman import Podman
from deploy.local.demo.load import factory, load
from deploy.local.demo.rest import Json, Rest
from deploy.local.keys import ROLES, password

ADMIN = "admin"
DUE_DAYS = 20


def walk(podman: Podman, gateway: str, url: str) -> None:
    """Create the administrator in the pod, fill the factory over REST, and follow one order to its plan."""
    users = {role: {"username": role, "password": password()} for role in ROLES}
    secret = users[ADMIN]["password"]
    podman.run(
        "exec", "--env", f"ORDERHUB_ADMIN_PASSWORD={secret}", gateway,
        "python", "-m", "gateway_service", "create-admin", "--username", ADMIN,
    )  # fmt: skip
    api = Rest.signed_in({"gateway_url": url, "users": users}, ADMIN)
    plant = factory()
    load(api, plant, users)
    print("  signed in, factory loaded", flush=True)
    number = enter(api, plant["story"])
    plan = api.post(f"/orders/{number}:plan")
    print(f"  {number} planned: {len(plan['production_orders'])} production orders, {len(plan['shortages'])} shortages")
    heard(api, number)


def enter(api: Rest, story: Json) -> str:
    customer = api.get(f"/customers?q={story['customer']}")["items"][0]
    due = (datetime.now(UTC) + timedelta(days=DUE_DAYS)).date()
    body = {"customer_id": customer["id"], "channel": "wechat", "due_date": str(due), "lines": story["lines"]}
    number = str(api.post("/orders", body)["number"])
    api.post(f"/orders/{number}:confirm")
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
