"""The floor through the front door: every odd scan's sentence, what changed, what is still to issue."""

from __future__ import annotations

import pytest
from orderhub.planning.v1.production_pb2 import (
    AcknowledgeChangesResponse,
    Component,
    FloorSettings,
    GetFloorSettingsResponse,
    GetProductionOrderResponse,
    Operation,
    PendingChange,
    ProductionOrder,
    PutFloorSettingsResponse,
    RecordScansResponse,
    ScannedOrder,
    ScanVerdict,
)

from tests.service.gateway.conftest import House

SENTENCES = {
    "CODE_UNKNOWN": "请扫流转卡",
    "CODE_BURST": "重新扫描",
    "CODE_OF_NO_JOB": "找计划员核对",
    "CODE_IS_ITEM": "这是物料“铜线”的条码",
    "CODE_IS_GS1": "请扫流转卡",
    "CODE_IS_LINK": "请扫流转卡",
    "CODE_IS_ORDER": "请扫流转卡",
    "CODE_IS_SHIPMENT": "请扫流转卡",
    "CODE_IS_RECEIPT": "请扫流转卡",
    "CODE_IS_RETURN": "请扫流转卡",
    "JOB_CANCELLED": "请停工",
    "JOB_ON_HOLD": "恢复后再扫",
    "JOB_COMPLETED": "请核对流转卡",
    "JOB_CLOSED_SHORT": "请停工",
    "OPERATION_UNKNOWN": "请核对流转卡",
    "OTHER_OPERATION": "请核对后重扫",
    "NOTHING_OPEN": "请送质检",
    "QUANTITY_INVALID": "请填大于 0 的数",
    "QUANTITY_OVER": "最多还可报3台",
    "QUANTITY_NOT_WHOLE": "请重填",
    "OCCURRED_AT_INVALID": "请校准设备时间",
    "OPERATION_NOT_READY": "请先完成上一道工序绕线",
    "DEVICE_MISMATCH": "请重新登记设备",
    "SCAN_UNREADABLE": "请重新扫描",
    "PIECE_ALREADY_COUNTED": "返工件请先由质检登记返工",
    "SERIAL_MEANS_ONE": "数量只能是 1",
    "BOUNCE": "请稍后再扫",
    "SCAN_ID_REUSED": "不同的内容",
}
PARAMS = {
    "number": "PO1", "left": "3", "unit": "台", "before": "绕线", "sequence": "10", "expected": "20", "serial": "7",
    "at_operation": "装配", "seconds": "2", "field": "code", "quantity": "9", "item": "铜线",
}  # fmt: skip


@pytest.mark.parametrize("reason", SENTENCES)
async def test_every_odd_scan_says_in_chinese_what_to_do(house: House, reason: str) -> None:
    verdict = ScanVerdict(scan_id="a", result="rejected", reason=reason, params=PARAMS)
    verdict.production_order.CopyFrom(ScannedOrder(number="PO1", state="dispatched"))
    house.services.tell("RecordScans", RecordScansResponse(verdicts=[verdict]))

    answer = await house.call(
        "POST", "/scans", json={"scan_id": "a", "code": "x", "device_id": "d", "occurred_at": "t"}
    )

    assert SENTENCES[reason] in answer.json()["message"]
    assert "?" not in answer.json()["message"]


@pytest.mark.parametrize(
    ("doubt", "words"),
    [
        ("clock_ahead_minutes", "设备时间快了 2880 分钟，请校准"),
        ("before_dispatch_minutes", "扫码时间比派工早 2880 分钟，请核对设备时间"),
    ],
)
async def test_a_doubtful_clock_is_told_beside_the_verdict(house: House, doubt: str, words: str) -> None:
    verdict = ScanVerdict(scan_id="a", result="applied", params={doubt: "2880"})
    verdict.next.CopyFrom(Operation(sequence=20, name="装配"))
    house.services.tell("RecordScans", RecordScansResponse(verdicts=[verdict]))

    answer = await house.call(
        "POST", "/scans", json={"scan_id": "a", "code": "x", "device_id": "d", "occurred_at": "t"}
    )

    assert answer.json()["message"] == f"已记录，下一道工序：装配。注意：{words}"


async def test_changes_are_told_in_words_and_acknowledged_by_name(house: House) -> None:
    changes = [
        PendingChange(id="1", kind="quantity", before="20", after="12", unit="台"),
        PendingChange(id="2", kind="urgency", before="green", after="red"),
        PendingChange(id="3", kind="cancelled", before="dispatched", after="客户取消"),
    ]
    job = ProductionOrder(number="PO1", pending_changes=changes)
    house.services.tell("GetProductionOrder", GetProductionOrderResponse(production_order=job))
    house.services.tell(
        "AcknowledgeChanges", AcknowledgeChangesResponse(production_order=ProductionOrder(number="PO1"))
    )

    shown = (await house.call("GET", "/production-orders/PO1", role="team_leader")).json()["pending_changes"]
    seen = await house.call(
        "POST", "/production-orders/PO1:acknowledge_change", role="team_leader", json={"change_ids": ["2"]}
    )

    assert [change["message"] for change in shown] == [
        "订单数量由20改为12台",
        "紧急程度由绿·正常改为红·紧急",
        "任务已取消，请停工",
    ]
    assert seen.json()["pending_changes"] == []
    assert list(house.services.last("AcknowledgeChanges").request.change_ids) == ["2"]


async def test_a_pick_list_says_what_is_still_to_issue(house: House) -> None:
    components = [Component(item_code="CU", item_name="铜线", required="150", issued="40.5", unit="m")]
    job = ProductionOrder(number="PO1", state="dispatched", components=components)
    house.services.tell("GetProductionOrder", GetProductionOrderResponse(production_order=job))

    told = (await house.call("GET", "/production-orders/PO1/pick-list", role="warehouse")).json()

    assert (told["number"], told["items"][0]["required"], told["items"][0]["to_issue"]) == ("PO1", "150", "109.5")


async def test_the_floors_settings_are_the_supervisors(house: House) -> None:
    wanted = {"scan_policy": "strict", "bounce_seconds": 2, "acknowledge_minutes": 10}
    kept = FloorSettings(**wanted, version=3)
    house.services.tell("PutFloorSettings", PutFloorSettingsResponse(settings=kept))
    house.services.tell("GetFloorSettings", GetFloorSettingsResponse(settings=kept))

    put = await house.call(
        "PUT", "/floor-settings", role="planning_supervisor", json=wanted, headers={"If-Match": '"2"'}
    )
    refused = await house.call("PUT", "/floor-settings", role="team_leader", json=wanted)
    wrong = await house.call("PUT", "/floor-settings", json=wanted | {"scan_policy": "lenient"})

    assert (put.status_code, put.headers["etag"]) == (200, '"3"')
    assert house.services.last("PutFloorSettings").request.expected_version == 2
    assert (refused.status_code, wrong.status_code) == (403, 422)
    assert (await house.call("GET", "/floor-settings", role="team_leader")).json()["scan_policy"] == "strict"
