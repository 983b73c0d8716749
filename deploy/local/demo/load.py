"""Fills the demo factory over REST as an administrator: safe to repeat, each record is made once."""

from __future__ import annotations

import hashlib
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deploy.local.demo.rest import Json, Rest, stack
from deploy.local.layout import LocalError

FACTORY = Path(__file__).with_name("factory.toml")


def factory() -> Json:
    """Return the demo factory as written down."""
    return tomllib.loads(FACTORY.read_text("utf-8"))


def key_of(kind: str, name: str) -> str:
    """Return the fixed idempotency key of one record: loading twice makes it once."""
    return f"demo-{kind}-{hashlib.sha256(name.encode()).hexdigest()[:24]}"


def load(api: Rest, plant: Json, users: Json) -> None:
    """Put people, items, routings, bills, customers and the opening stock; safe to repeat."""
    with ThreadPoolExecutor(4) as pool:
        people = [pool.submit(put_user, api, role, plant["people"][role], users[role]) for role in users]
        list(pool.map(lambda item: put_item(api, item), plant["items"]))
        list(pool.map(lambda routing: put(api, "routings", "code", routing), plant["routings"]))
        for job in people:
            job.result()
    for bom in plant["boms"]:  # in this order: a part's own list before the lists that use it
        put(api, "boms", "item_code", bom)
    for customer in plant["customers"]:
        api.post("/customers", customer, key_of("customer", customer["name"]))
    api.post("/stock/movements", opening(plant["items"]), key_of("stock", "opening"))


def put_user(api: Rest, role: str, display_name: str, login: Json) -> None:
    """Put the user of one role."""
    body: Json = {"display_name": display_name, "roles": [role], "password": login["password"]}
    if role == "admin":
        del body["password"]  # a new password would end the session this very loader uses
    api.put(f"/users/{login['username']}", body)


def put_item(api: Rest, item: Json) -> None:
    """Put one item."""
    put(api, "items", "code", {name: value for name, value in item.items() if name != "opening"})


def put(api: Rest, collection: str, code: str, body: Json) -> None:
    """Put one record of a collection under its code."""
    api.put(f"/{collection}/{body[code]}", {name: value for name, value in body.items() if name != code})


def opening(items: list[Json]) -> Json:
    """Return the movement that brings the opening stock."""
    lines: list[dict[str, Any]] = [
        {"item_code": item["code"], "quantity": item["opening"], "unit": item["unit"]}
        for item in items
        if "opening" in item
    ]
    return {"movement_id": "demo-opening-stock", "kind": "receipt", "lines": lines, "reason": "期初库存"}


def main() -> None:
    """Load into the running stack."""
    facts = stack()
    load(Rest.signed_in(facts), factory(), facts["users"])


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        sys.exit(f"orderhub: {error}")
