"""Plans, scans, receipts and shipments through the front door."""

from __future__ import annotations

import pytest
from orderhub.inventory.v1.inventory_pb2 import (
    GetStockResponse,
    Receipt,
    ReceiveGoodsResponse,
    ShipGoodsResponse,
    Shipment,
    Stock,
)
from orderhub.planning.v1.master_pb2 import (
    Bom,
    BomVersion,
    GetBomResponse,
    ImportBomsResponse,
    ImportVerdict,
    Item,
    PutItemResponse,
)
from orderhub.planning.v1.production_pb2 import (
    GetPlanJobResponse,
    GetProductionOrderResponse,
    Operation,
    PlanJob,
    PlanOrderResponse,
    PlanOrdersResponse,
    PreviewChangeResponse,
    ProductionChange,
    ProductionOrder,
    RecordScansResponse,
    ScannedOrder,
    ScanVerdict,
    Shortage,
    UnplannedLine,
)

from tests.service.gateway.conftest import House

WIRE = Shortage(item_code="CU", item_name="铜线", short="5", unit="m")


async def test_a_plan_names_what_is_short_in_the_words_of_the_floor(house: House) -> None:
    plan = PlanOrderResponse(
        order_number="SO1", shortages=[WIRE], unplanned_lines=[UnplannedLine(line_no=3, reason="NO_ROUTING")],
        production_orders=[ProductionOrder(number="PO1", state="created", shortages=[WIRE, WIRE])],
    )  # fmt: skip
    house.services.tell("PlanOrder", plan)

    told = (await house.call("POST", "/orders/SO1:plan", role="planner")).json()

    assert told["shortages"][0]["message"] == "缺料预警：铜线差5m"
    assert told["production_orders"][0]["banner"] == "缺料预警：铜线差5m；缺料预警：铜线差5m"
    assert told["unplanned_lines"] == [
        {"line_no": 3, "reason": "NO_ROUTING", "params": {}, "message": "物料没有工艺路线，未排产"}
    ]


async def test_no_shortage_no_banner(house: House) -> None:
    found = GetProductionOrderResponse(production_order=ProductionOrder(number="PO1", version=4), traceparent="secret")
    house.services.tell("GetProductionOrder", found)

    answer = await house.call("GET", "/production-orders/PO1", role="team_leader")

    assert answer.json()["banner"] is None
    assert answer.headers["etag"] == '"4"'
    assert "secret" not in answer.text


async def test_a_part_of_an_operation_says_to_go_on_with_it(house: House) -> None:
    step = Operation(sequence=10, name="绕线")
    verdict = ScanVerdict(scan_id="a", result="applied", operation=step, next=step)
    house.services.tell("RecordScans", RecordScansResponse(verdicts=[verdict]))
    scan = {"scan_id": "a", "code": "PO1", "device_id": "d", "occurred_at": "?"}

    answer = await house.call("POST", "/scans", role="team_leader", key=None, json=scan)

    assert answer.json()["message"] == "已记录，请继续绕线"


async def test_scans_get_a_verdict_each_in_their_order(house: House) -> None:
    verdicts = [
        ScanVerdict(scan_id="b", result="applied", production_order=ScannedOrder(number="PO1", state="in_progress"),
                    operation=Operation(sequence=10, name="绕线"), next=Operation(sequence=20, name="装配")),
        ScanVerdict(scan_id="a", result="rejected", reason="CODE_UNKNOWN"),
    ]  # fmt: skip
    house.services.tell("RecordScans", RecordScansResponse(verdicts=verdicts))
    scans = [{"scan_id": name, "code": "PO1", "device_id": "d", "occurred_at": "?"} for name in "ba"]

    answer = await house.call("POST", "/scans:batch", role="team_leader", key=None, json={"scans": scans})

    items = answer.json()["items"]
    assert answer.status_code == 200
    assert [(item["scan_id"], item["result"]) for item in items] == [("b", "applied"), ("a", "rejected")]
    assert items[0]["message"] == "已记录，下一道工序：装配"
    assert items[1]["message"] == "无法识别这个条码，请扫流转卡上的二维码"
    assert items[1]["next"] is None


async def test_a_scan_keeps_what_was_sent_for_the_verdict(house: House) -> None:
    house.services.tell("RecordScans", RecordScansResponse(verdicts=[ScanVerdict(scan_id="s", result="rejected")]))
    body = {"scan_id": "s", "code": "PO1", "device_id": "d", "occurred_at": "yesterday", "quantity": -1.50}

    await house.call("POST", "/scans", role="team_leader", key=None, json=body)

    heard = house.services.last("RecordScans").request.scans[0]
    assert (heard.quantity, heard.occurred_at, heard.action) == ("-1.5", "yesterday", "finish")


async def test_one_unreadable_scan_never_blocks_the_others(house: House) -> None:
    verdicts = [ScanVerdict(scan_id=name, result="rejected", reason="CODE_UNKNOWN") for name in "ab"]
    house.services.tell("RecordScans", RecordScansResponse(verdicts=verdicts))
    good = {"scan_id": "b", "code": "PO1", "device_id": "d", "occurred_at": "x"}
    odd = {"scan_id": "a", "code": "P\x00" + "O" * 5000, "device_id": "d", "occurred_at": "x", "action": "jump"}

    answer = await house.call("POST", "/scans:batch", role="team_leader", json={"scans": [odd, good]})

    heard = house.services.last("RecordScans").request.scans
    assert answer.status_code == 200
    assert (heard[0].code[:3], len(heard[0].code), heard[0].action) == ("P\ufffdO", 200, "jump")
    assert heard[1].code == "PO1"


async def test_a_receipt_and_a_shipment(house: House) -> None:
    house.services.tell("ReceiveGoods", ReceiveGoodsResponse(receipt=Receipt(number="GR1", quantity="2", unit="台")))
    house.services.tell("ShipGoods", ShipGoodsResponse(shipment=Shipment(number="SH1", tracking_numbers=["SF1"])))

    received = await house.call("POST", "/receipts", role="warehouse", json={"production_order": "PO1", "quantity": 2})
    body = {"lines": [{"order": "SO1", "line_no": 1, "quantity": "2"}], "tracking_numbers": ["SF1"]}
    shipped = await house.call("POST", "/shipments", role="warehouse", json=body)

    assert (received.status_code, received.json()["number"]) == (201, "GR1")
    assert (shipped.status_code, shipped.json()["tracking_numbers"]) == (201, ["SF1"])
    heard = house.services.last("ShipGoods").request
    assert (heard.lines[0].order, heard.lines[0].quantity) == ("SO1", "2")


@pytest.mark.parametrize(
    "signed_at", ["yesterday", "2026-11-22T10:00:00", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
async def test_a_wrong_time_of_signing_is_named(house: House, signed_at: str) -> None:
    answer = await house.call("POST", "/shipments/SH1:sign", role="warehouse", json={"signed_at": signed_at})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "signed_at"


async def test_an_item_is_written_with_its_exact_factors(house: House) -> None:
    house.services.tell("PutItem", PutItemResponse(item=Item(code="CU", version=2)))
    body = '{"name":"铜线","unit":"m","supply":"buy","units":[{"unit":"卷","factor":100.10}],"safety_stock":"２０"}'

    answer = await house.call(
        "PUT", "/items/CU", role="planner", content=body.encode(), headers={"Content-Type": "application/json"}
    )

    heard = house.services.last("PutItem").request
    assert answer.headers["etag"] == '"2"'
    assert (heard.units[0].factor, heard.safety_stock, heard.HasField("whole_units")) == ("100.1", "20", False)


async def test_a_bom_shows_its_versions(house: House) -> None:
    house.services.tell("GetBom", GetBomResponse(bom=Bom(item_code="A", version=2), versions=[BomVersion(version=1)]))

    told = (await house.call("GET", "/boms/A?date=2026-12-01", role="planner")).json()

    assert (told["version"], told["versions"][0]["version"]) == (2, 1)
    assert house.services.last("GetBom").request.date == "2026-12-01"


async def test_stock_by_code_and_by_list(house: House) -> None:
    house.services.tell("GetStock", GetStockResponse(stock=Stock(item_code="CU", on_hand="5", available="5")))

    one = await house.call("GET", "/stock/CU")
    await house.call("GET", "/stock?item_code=CU,FE")

    assert one.json()["available"] == "5"
    assert list(house.services.last("ListStock").request.item_codes) == ["CU", "FE"]


@pytest.mark.parametrize("code", ["%00", "a%0Ab", "x" * 201])
async def test_an_absurd_code_is_not_found(house: House, code: str) -> None:
    assert (await house.call("GET", f"/items/{code}")).status_code == 404
    assert house.services.calls == []


async def test_what_a_session_caused_is_waited_for_by_its_next_calls(house: House) -> None:
    from chassis.outbox import Mark

    house.services.marks = [Mark("/orderhub/order", "orders/SO1", 7), Mark("/orderhub/notify", "notifications/1", 1)]
    token = {"Authorization": f"Bearer {await house.gateway_token('admin')}"}
    await house.http.post("/orders/SO1:confirm", headers={**token, "Idempotency-Key": "k"})
    house.services.marks = []

    await house.http.get("/orders/SO1/plan", headers=token)
    mine = house.services.last("GetPlan").metadata
    await house.http.get("/orders/SO1", headers=token)
    tellers = house.services.last("GetOrder").metadata
    await house.call("GET", "/orders/SO1/plan", role="planner")
    others = house.services.last("GetPlan").metadata

    assert mine["x-orderhub-after"] == "/orderhub/order|orders/SO1|7"
    assert "x-orderhub-after" not in tellers  # who told it does not hear of it
    assert "x-orderhub-after" not in others


async def test_many_orders_are_planned_as_a_job(house: House) -> None:
    house.services.tell("PlanOrders", PlanOrdersResponse(job=PlanJob(id="j1", state="running", total_count=2)))
    house.services.tell("GetPlanJob", GetPlanJobResponse(job=PlanJob(id="j1", state="done", done_count=2)))

    started = await house.call("POST", "/plans", role="planner", json={"orders": ["SO1", "SO2"]})
    done = await house.call("GET", "/plans/j1", role="planner")

    assert (started.status_code, started.json()["total_count"]) == (202, 2)
    assert (done.json()["state"], done.json()["finished_at"]) == ("done", None)


async def test_a_change_is_looked_at_without_a_key(house: House) -> None:
    change = ProductionChange(kind="cancel", production_order_number="PO1", item_code="A")
    house.services.tell("PreviewChange", PreviewChangeResponse(order_number="SO1", changes=[change]))
    body = {"lines": [{"line_no": 1, "quantity": 0}]}

    told = await house.call("POST", "/orders/SO1:preview_change", role="sales", key=None, json=body)

    assert told.json()["changes"][0]["message"] == "取消任务 PO1"
    assert house.services.last("PreviewChange").request.lines[0].quantity == "0"


async def test_an_import_tells_each_row(house: House) -> None:
    verdicts = [
        ImportVerdict(row=2, result="accepted"),
        ImportVerdict(row=3, result="rejected", reason="ITEM_UNKNOWN", params={"item": "X"}),
        ImportVerdict(row=4, result="rejected", reason="NAME_MISMATCH", params={"name": "铜线", "known": "铝线"}),
    ]
    house.services.tell("ImportBoms", ImportBomsResponse(row_count=3, verdicts=verdicts))
    sent = {"file": ("bom.csv", "产品,子件".encode(), "text/csv")}

    looked = await house.call("POST", "/boms:import?dry_run=true", role="planner", files=sent)
    heard = house.services.last("ImportBoms").request
    await house.call("POST", "/boms:import", role="planner", key="i1", files=sent)

    assert [verdict["message"] for verdict in looked.json()["verdicts"]] == [
        None, "没有物料 X", "名称与物料库不符：铜线，应为铝线"
    ]  # fmt: skip
    assert (heard.dry_run, heard.content.decode(), heard.context.idempotency_key) == (True, "产品,子件", "")
    assert house.services.last("ImportBoms").request.context.idempotency_key == "i1"
