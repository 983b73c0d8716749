"""Complaints through the front door; floor scans beside the documents of a difference."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.order.v1 import complaint_pb2, finance_pb2
from orderhub.planning.v1 import production_pb2

from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse


def at(seconds: int) -> Timestamp:
    return Timestamp(seconds=1_795_000_000 + seconds)


DIFFERENCE = finance_pb2.Difference(
    order_number="SO1", line_no=2, item_code="A", shipped="3", returned="0", invoiced="2", difference="1", unit="台",
    sources=[
        finance_pb2.DifferenceSource(kind="receipt", ref="GR1", quantity="3", actor="cang", at=at(20)),
        finance_pb2.DifferenceSource(kind="shipment", ref="SH1", quantity="3", actor="cang", at=at(30)),
    ],
)  # fmt: skip
SCANS = production_pb2.LineScans(
    line=production_pb2.OrderLineRef(order_number="SO1", line_no=2), scans_count=9,
    scans=[
        production_pb2.LineScan(
            production_order_number="PO1", operation="装配", quantity="3", scrap="1", actor="device:PAD-1",
            device_id="PAD-1", occurred_at=at(10),
        ),
        production_pb2.LineScan(production_order_number="PO1", operation="绕线", quantity="3", occurred_at=at(25)),
    ],
)  # fmt: skip
PATH = "/reports/reconciliation?month=2026-11"


async def test_a_difference_leads_to_its_scans_in_order_of_time(house: House) -> None:
    house.services.tell("GetReconciliation", finance_pb2.GetReconciliationResponse(items=[DIFFERENCE], month="2026-11"))
    house.services.tell("ListLineScans", production_pb2.ListLineScansResponse(lines=[SCANS]))

    answer = (await house.call("GET", PATH, role="finance")).json()

    row = answer["items"][0]
    assert [(source["kind"], source["ref"]) for source in row["sources"]] == [
        ("scan", "PO1"), ("receipt", "GR1"), ("scan", "PO1"), ("shipment", "SH1"),
    ]  # fmt: skip
    assert row["sources"][0] == {
        "kind": "scan", "ref": "PO1", "quantity": "3", "actor": "device:PAD-1", "at": row["sources"][0]["at"],
        "device_id": "PAD-1", "operation": "装配", "scrap": "1",
    }  # fmt: skip
    assert (row["more_scans"], answer["unavailable"]) == (7, [])


async def test_without_planning_the_documents_are_shown_and_the_lack_is_said(house: House) -> None:
    house.services.tell("GetReconciliation", finance_pb2.GetReconciliationResponse(items=[DIFFERENCE], month="2026-11"))
    house.services.tell("ListLineScans", Refuse(grpc.StatusCode.UNAVAILABLE, "PEER_AWAY"))

    answer = (await house.call("GET", PATH, role="finance")).json()

    assert [source["kind"] for source in answer["items"][0]["sources"]] == ["receipt", "shipment"]
    assert answer["unavailable"] == ["scans"]


async def test_many_differences_are_asked_about_in_few_calls(house: House) -> None:
    items = [finance_pb2.Difference(order_number=f"SO{n}", line_no=1) for n in range(401)]
    house.services.tell("GetReconciliation", finance_pb2.GetReconciliationResponse(items=items))

    assert (await house.call("GET", PATH, role="finance")).status_code == 200

    assert house.services.count("ListLineScans") == 3


async def test_a_complaint_is_carried_to_the_order_service(house: House) -> None:
    told = complaint_pb2.Complaint(id="c1", order_number="SO1", kind="late", state="open")
    house.services.tell("RecordComplaint", complaint_pb2.RecordComplaintResponse(complaint=told))
    house.services.tell("CloseComplaint", complaint_pb2.CloseComplaintResponse(complaint=told))
    body = {"kind": "late", "text": "晚了三天", "complained_at": "2026-11-22T10:00:00+08:00"}

    recorded = await house.call("POST", "/orders/SO1/complaints", role="sales", json=body)
    closed = await house.call(
        "POST", "/complaints/c1:close", role="sales", json={"resolution": "已补发", "stage": "carrier"}
    )

    assert (recorded.status_code, recorded.json()["id"]) == (201, "c1")
    asked = house.services.last("RecordComplaint").request
    assert (asked.order, asked.kind, asked.text, asked.complained_at.seconds) == ("SO1", "late", "晚了三天", 1795312800)
    assert asked.context.idempotency_key
    assert closed.status_code == 200
    assert house.services.last("CloseComplaint").request.stage == "carrier"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"kind", "text"}),
        ({"kind": "weather", "text": ""}, {"kind", "text"}),
        ({"kind": "late", "text": "x", "stage": "moon"}, {"stage"}),
        ({"kind": "late", "text": "x", "complained_at": "yesterday"}, {"complained_at"}),
    ],
)
async def test_a_complaint_that_is_none_is_refused_with_every_field(
    house: House, body: dict[str, str], fields: set[str]
) -> None:
    answer = await house.call("POST", "/orders/SO1/complaints", role="sales", json=body)

    assert answer.status_code == 422
    assert {problem["field"] for problem in answer.json()["errors"]} == fields


async def test_orders_complained_about_are_asked_for(house: House) -> None:
    assert (await house.call("GET", "/reports/delivery/orders?complained=true", role="manager")).status_code == 200
    assert house.services.last("ListDeliveryOrders").request.complained


async def test_reports_are_asked_for_by_channel(house: House) -> None:
    paths = (
        "/reports/lead-times?group_by=channel",
        "/reports/lead-times/orders?stage=production&group_by=channel&key=wechat",
        "/reports/lead-times/comparison?group_by=channel&key=wechat",
        "/reports/delivery?group_by=channel",
    )

    assert [(await house.call("GET", path, role="manager")).status_code for path in paths] == [200] * 4
    asked = [
        house.services.last(name).request
        for name in ("GetLeadTimes", "ListLeadTimeOrders", "CompareLeadTimes", "GetDelivery")
    ]
    assert {one.group_by for one in asked} == {"channel"}
    assert (asked[1].key, asked[2].key) == ("wechat", "wechat")
    assert (await house.call("GET", "/reports/delivery?group_by=moon", role="manager")).status_code == 422
