"""One order walks the whole house (issue 2): from a WeChat message to the invoice task, over REST and events only."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest

from tests.e2e.client import Api, Json, waits_for
from tests.e2e.factory import Factory, build
from tests.e2e.listener import Listener
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.timeout(300)]

HOPS = [
    "OrderSubmitted", "CapacityConfirmationRequested", "CapacityConfirmed", "OrderConfirmed", "OrderPlanned",
    "ProductionOrderCreated", "ComponentsShort", "ShortageRaised", "ShortageCleared", "ProductionOrderDispatched",
    "OperationStarted", "OperationFinished", "InspectionRequested", "InspectionRecorded", "GoodsReceived",
    "ProductionOrderCompleted", "GoodsShipped", "OrderPartlyShipped", "OrderFullyShipped", "InvoiceTaskOpened",
]  # fmt: skip


async def test_one_order_walks_the_whole_house(stack: Stack) -> None:
    api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
    ears = await Listener().open(stack.amqp_url)
    factory = await build(api)

    order = await comes_in_by_wechat(api, factory, stack.today)
    number = order["number"]
    await order_group_and_supervisor_hear_of_it(stack, number)
    order = await api.post(f"/orders/{number}:confirm_capacity", {"note": "加班可赶上"})
    assert order["state"] == "submitted"
    order = await api.post(f"/orders/{number}:confirm")
    assert order["state"] == "confirmed"

    plan = await planned_with_a_shortage(api, number, factory)
    await a_covering_receipt_clears_the_banner(api, number, factory)
    assert (await api.get(f"/orders/{number}"))["state"] == "planned"

    for production_order in sorted(plan["production_orders"], key=lambda po: po["parent_number"] == ""):
        await made_inspected_and_received(api, production_order["number"])
    made = await api.until(f"/orders/{number}", lambda o: o["lines"][1]["received_quantity"] == "1")
    assert [line["received_quantity"] for line in made["lines"]] == ["2", "1", "0"]
    assert [line["shipped_quantity"] for line in made["lines"]] == ["0", "0", "0"]
    assert made["state"] == "in_production"

    await shipped_in_two_parts(api, number, factory)
    done = await api.until(f"/orders/{number}", lambda o: o["state"] == "shipped")
    assert [line["shipped_quantity"] for line in done["lines"]] == ["2", "1", "5"]
    tasks = (await api.get(f"/invoice-tasks?state=open&order={number}"))["items"]
    assert [[line["quantity"] for line in task["lines"]] for task in tasks] == [["2", "1", "5"]]
    await the_customer_hears_every_tracking_number(stack, number)

    await signed_and_invoiced(api, number, tasks[0]["id"])
    await tracking_page_is_true(order["tracking_url"])
    lead = await api.get(f"/orders/{number}/lead-time")
    assert {event["stage"] for event in lead["events"] if event["at"]} >= {
        "confirmed",
        "released",
        "received",
        "shipped",
        "signed",
    }

    await every_hop_left_its_event_in_one_trace(ears, number)
    await ears.close()
    await api.close()


async def comes_in_by_wechat(api: Api, factory: Factory, today: date) -> Json:
    order = await api.post(
        "/orders",
        {
            "customer_id": factory.customer_id, "channel": "wechat", "source_ref": f"WX-{uuid.uuid4().hex[:8]}",
            "due_date": str(today + timedelta(days=2)), "urgency": "red", "sales_owner": "sales",
            "lines": [
                {"item_code": factory.motor, "quantity": 2},
                {"item_code": factory.controller, "quantity": "1"},
                {"item_code": factory.cable, "quantity": 5},
            ],
        },
        expect=201,
    )  # fmt: skip
    assert order["state"] == "needs_capacity_confirmation"
    warning = next(w for w in order["warnings"] if w["reason"] == "CAPACITY_CONFIRMATION_REQUIRED")
    assert "该交期需确认产能" in warning["message"]
    refused = await api.call("POST", f"/orders/{order['number']}:confirm", {})
    assert (refused.status_code, "confirm_capacity" in refused.json()["allowed"]) == (409, True)
    return order


async def order_group_and_supervisor_hear_of_it(stack: Stack, number: str) -> None:
    async def heard() -> bool:
        texts = [(m["channel"], m["text"]) for m in await stack.messages() if number in m["text"]]
        return len({channel for channel, _ in texts}) >= 2 and any("产能" in text for _, text in texts)

    await waits_for(heard)


async def planned_with_a_shortage(api: Api, number: str, factory: Factory) -> Json:
    plan = await api.post(f"/orders/{number}:plan", expect=200)
    assert [s["message"] for s in plan["shortages"]] == ["缺料预警：铜线差5m"]
    assert sorted(po["item_code"] for po in plan["production_orders"] if not po["parent_number"]) == sorted(
        [factory.motor, factory.controller]
    )
    assert all(po["operations"] for po in plan["production_orders"])
    pick = {line["item_code"]: (line["required"], line["short"]) for line in plan["pick_list"]}
    assert pick[factory.copper] == ("17.5", "5")
    assert pick[factory.magnet] == ("8", "0")
    again = await api.post(f"/orders/{number}:plan", expect=200)
    assert [po["number"] for po in again["production_orders"]] == [po["number"] for po in plan["production_orders"]]
    return plan


async def a_covering_receipt_clears_the_banner(api: Api, number: str, factory: Factory) -> None:
    await api.until(
        f"/production-orders?order={number}",
        lambda page: any("缺料预警：铜线差" in (po["banner"] or "") for po in page["items"]),
    )
    await api.post(
        "/stock/movements",
        {"kind": "receipt", "lines": [{"item_code": factory.copper, "quantity": "5"}], "reason": "到货"},
    )
    await api.until(
        f"/production-orders?order={number}", lambda page: not any(po["banner"] for po in page["items"]), within=3
    )


async def made_inspected_and_received(api: Api, number: str) -> None:
    job = await api.post(f"/production-orders/{number}:dispatch", {"team": "一班"})
    assert job["state"] == "dispatched"
    for operation in job["operations"]:
        for action in ("start", "finish"):
            scan = {
                "scan_id": str(uuid.uuid4()), "code": job["scan_code"], "device_id": "PAD-1", "action": action,
                "occurred_at": job["dispatched_at"], "operation_sequence": operation["sequence"],
            }  # fmt: skip
            verdict = await api.post("/scans", scan, expect=200)
            assert verdict["result"] == "applied", verdict
            again = await api.post("/scans", scan, expect=200)
            assert again == {**verdict, "result": "duplicate"}
    job = await api.get(f"/production-orders/{number}")
    assert job["state"] == "awaiting_inspection"
    early = await api.call("POST", "/receipts", {"production_order": number, "quantity": job["quantity"]})
    assert (early.status_code, early.json()["reason"]) == (409, "NOT_INSPECTED")
    await api.post(f"/production-orders/{number}:inspect", {"passed": job["quantity"]})
    target = await api.get(f"/scan-targets/{job['scan_code']}")
    assert target["remaining"] == job["quantity"]
    await api.post("/receipts", {"scan_id": str(uuid.uuid4()), "production_order": number, "quantity": job["quantity"]})
    more = await api.call("POST", "/receipts", {"production_order": number, "quantity": "1"})
    assert (more.status_code, more.json()["reason"]) == (409, "OVER_RECEIPT")
    await api.until(f"/production-orders/{number}", lambda po: po["state"] in ("received", "completed"))


async def shipped_in_two_parts(api: Api, number: str, factory: Factory) -> None:
    first = [{"order": number, "line_no": 1, "quantity": "1"}, {"order": number, "line_no": 3, "quantity": "5"}]
    await api.post("/shipments", {"lines": first, "carrier": "顺丰", "tracking_numbers": ["SF1001"]})
    await api.until(f"/orders/{number}", lambda o: o["state"] == "part_shipped")
    over = await api.call("POST", "/shipments", {"lines": [{"order": number, "line_no": 1, "quantity": "2"}]})
    assert (over.status_code, over.json()["reason"]) == (409, "OVER_SHIPMENT")
    rest = [{"order": number, "line_no": 1, "quantity": "1"}, {"order": number, "line_no": 2, "quantity": "1"}]
    await api.post("/shipments", {"lines": rest, "carrier": "顺丰", "tracking_numbers": ["SF1002"]})


async def the_customer_hears_every_tracking_number(stack: Stack, number: str) -> None:
    async def heard() -> list[Any]:
        return [m for m in await stack.messages() if f"贵司订单{number}已全部发出" in m["text"]]

    messages = await waits_for(heard)
    assert len(messages) == 1
    assert all(tracking in messages[0]["text"] for tracking in ("SF1001", "SF1002"))


async def signed_and_invoiced(api: Api, number: str, task: str) -> None:
    overview = await api.get(f"/orders/{number}/overview")
    for shipment in overview["shipments"]:
        await api.post(f"/shipments/{shipment['number']}:sign", {"signed_by": "李工"})
    assert (await api.get(f"/orders/{number}"))["state"] == "signed"
    await api.post(f"/invoice-tasks/{task}:invoice", {"invoice_no": f"FP-{number}"})
    assert (await api.get(f"/orders/{number}"))["state"] == "closed"


async def tracking_page_is_true(url: str) -> None:
    base, token = url.rsplit("/t/", 1)
    customer = Api(base)
    page = await customer.get(f"/track/{token}")
    assert [parcel["tracking_number"] for parcel in page["parcels"]] == ["SF1001", "SF1002"]
    assert "phone" not in str(page)
    assert (await customer.call("GET", f"/track/{token[:-2]}xx")).status_code == 404
    await customer.close()


async def every_hop_left_its_event_in_one_trace(ears: Listener, number: str) -> None:
    async def all_heard() -> bool:
        return set(HOPS) <= set(ears.names(number))

    await waits_for(all_heard)
    events = ears.of(number)
    assert {event["traceparent"].split("-")[1] for event in events} == {events[0]["traceparent"].split("-")[1]}
    numbered: dict[tuple[str, str], list[int]] = {}
    for event in events:
        numbered.setdefault((event["source"], event["subject"]), []).append(int(event["sequence"]))
    assert all(sequence == list(range(1, len(sequence) + 1)) for sequence in numbered.values())
    names = ears.names(number)
    assert (names.count("OrderFullyShipped"), names.count("InvoiceTaskOpened")) == (1, 1)
