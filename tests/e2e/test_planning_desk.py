"""What planners do after the plan: change, look ahead, plan in bulk, over REST with all services running."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.client import Api, Json
from tests.e2e.factory import Factory, build
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.timeout(300)]


async def confirmed(api: Api, factory: Factory, stack: Stack, *lines: tuple[str, str], urgency: str = "green") -> str:
    due = (stack.today + timedelta(days=20)).isoformat()
    body: Json = {
        "customer_id": factory.customer_id,
        "channel": "api",
        "source_ref": str(uuid.uuid4()),
        "due_date": due,
        "urgency": urgency,
        "confirm": True,
        "lines": [{"item_code": item, "quantity": quantity} for item, quantity in lines],
    }
    return str((await api.post("/orders", body))["number"])


async def receive(api: Api, **quantities: str) -> None:
    lines = [{"item_code": item, "quantity": quantity} for item, quantity in quantities.items()]
    await api.post("/stock/movements", {"kind": "receipt", "lines": lines, "reason": "purchase"})


async def revise(api: Api, number: str, item: str, quantity: str) -> None:
    found = await api.call("GET", f"/orders/{number}")
    body = {"lines": [{"line_no": 1, "item_code": item, "quantity": quantity}]}
    answer = await api.call("PATCH", f"/orders/{number}", body, If_Match=found.headers["ETag"])
    assert answer.status_code == 200, answer.text


def live(listed: Json) -> list[tuple[str, str, str]]:
    found = [(o["item_code"].split("-")[0], o["quantity"], o["state"]) for o in listed["items"]]
    return sorted(entry for entry in found if entry[2] != "cancelled")


def short(item: Json) -> Any:
    return {s["item_code"].split("-")[0]: s["short"] for s in item}


async def test_a_changed_quantity_changes_production_and_stock(stack: Stack) -> None:
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    factory = await build(api)
    await receive(api, **{factory.copper: "100"})
    number = await confirmed(api, factory, stack, (factory.motor, "4"))
    plan = await api.post(f"/orders/{number}:plan")
    assert short(plan["shortages"]) == {}

    foretold = await api.post(f"/orders/{number}:preview_change", {"lines": [{"line_no": 1, "quantity": "6"}]})
    assert [(c["kind"], c["quantity_after"]) for c in foretold["changes"]] == [("create", "2"), ("create", "2")]

    await revise(api, number, factory.motor, "6")
    made = f"/production-orders?order={number}"
    listed = await api.until(made, lambda p: len(live(p)) == 4)
    assert live(listed) == [
        ("A", "2", "created"),
        ("A", "4", "created"),
        ("ROTOR", "2", "created"),
        ("ROTOR", "4", "created"),
    ]
    await api.until(f"/orders/{number}", lambda o: o["lines"][0]["planned_quantity"] == "6")
    await api.until(f"/stock/{factory.copper}", lambda s: s["reserved"] == "45")

    await revise(api, number, factory.motor, "3")
    await api.until(made, lambda p: live(p) == [("A", "3", "created"), ("ROTOR", "3", "created")])
    await api.until(f"/stock/{factory.copper}", lambda s: s["reserved"] == "22.5")
    await api.until(f"/orders/{number}", lambda o: o["lines"][0]["planned_quantity"] == "3")

    await api.post(f"/orders/{number}:cancel", {"reason": "客户取消"})
    await api.until(made, lambda p: live(p) == [])
    await api.until(f"/stock/{factory.copper}", lambda s: s["reserved"] == "0")


async def test_two_plans_in_a_row_never_count_the_same_stock(stack: Stack) -> None:
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    factory = await build(api)
    await receive(api, **{factory.copper: "1000"})
    rotor = factory.motor.replace("A-", "ROTOR-")
    await receive(api, **{rotor: "3"})
    numbers = [await confirmed(api, factory, stack, (factory.motor, "2")) for _ in range(2)]

    first, second = [await api.post(f"/orders/{n}:plan") for n in numbers]

    made = [[(o["item_code"].split("-")[0], o["quantity"]) for o in p["production_orders"]] for p in (first, second)]
    assert made == [[("A", "2")], [("A", "2"), ("ROTOR", "1")]]


async def test_a_shortage_is_explained_and_a_rush_shows_who_gives_way(stack: Stack) -> None:
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    factory = await build(api)  # 12.5 m of copper wire
    lazy = await confirmed(api, factory, stack, (factory.controller, "4"))
    await api.post(f"/orders/{lazy}:plan")
    await api.until(f"/stock/{factory.copper}", lambda s: s["reserved"] == "10")
    rush = await confirmed(api, factory, stack, (factory.motor, "1"), urgency="red")
    plan = await api.post(f"/orders/{rush}:plan")
    assert short(plan["shortages"]) == {"CU": "5"}

    explained = await api.until(f"/orders/{rush}/shortages", lambda p: bool(p["items"]))
    (copper,) = explained["items"]
    assert copper["short"] == "5"
    behind = [h for h in copper["holders"] if h["order_number"] == lazy]
    assert [(h["reserved"], h["could_give_way"]) for h in behind] == [("10", True)]

    ahead = await api.get(f"/orders/{rush}/rush-preview")
    assert [(x["order_number"], x["quantity"]) for x in ahead["displaced"]] == [(lazy, "5")]
    assert ahead["shortages"] == []


async def test_many_orders_planned_in_one_job(stack: Stack) -> None:
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    factory = await build(api)
    await receive(api, **{factory.copper: "250", factory.magnet: "1000"})
    numbers = [await confirmed(api, factory, stack, (factory.motor, "1")) for _ in range(40)]
    refused = await confirmed(api, factory, stack, (factory.motor, "1"))
    await api.post(f"/orders/{refused}:cancel", {"reason": "x"})

    job = await api.post("/plans", {"orders": [*numbers, refused]}, expect=202)
    done = await api.until(f"/plans/{job['id']}", lambda j: j["state"] == "done", within=60)

    assert (done["total_count"], done["planned_count"], done["failed_count"]) == (41, 40, 1)
    assert [(e["order"], e["reason"]) for e in done["entries"] if e["reason"]] == [(refused, "ORDER_NOT_PLANNABLE")]
    # 262.5 m there, 7.5 m each: 35 orders are covered, the others are short by 37.5 m together
    for number in numbers:
        await api.until(f"/orders/{number}", lambda order: order["state"] == "planned")
    await api.until(f"/stock/{factory.copper}", lambda s: s["available"] == "0")
