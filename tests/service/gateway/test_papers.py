"""What leaves on paper: rendered like a printer would, and read back like a scanner would."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.common.v1.common_pb2 import Contact, Party
from orderhub.inventory.v1.inventory_pb2 import (
    GetShipmentResponse,
    ListShipmentsResponse,
    Shipment,
    ShipmentLine,
)
from orderhub.order.v1.order_pb2 import (
    Dwell,
    GetOrderLeadTimeResponse,
    GetOrderResponse,
    GetTimelineResponse,
    Order,
    OrderLine,
    StageEvent,
    TimelineEntry,
)
from orderhub.planning.v1.production_pb2 import (
    Component,
    GetProductionOrderResponse,
    ListProductionOrdersResponse,
    Operation,
    ProductionOrder,
    Shortage,
)

from gateway_service.paper import NO_FONT, press, printing
from tests.service.gateway.conftest import House

DPI = 200
AT = Timestamp(seconds=1_795_000_000)


def job(number: str = "PO20261122-0001") -> ProductionOrder:
    return ProductionOrder(
        number=number, scan_code=number, state="dispatched", item_code="MOTOR-A", item_name="A电机", quantity="20",
        unit="台", due_date="2026-12-01", order_number="SO20261122-0001", line_no=1, routing_code="R-MOTOR",
        bom_hash="abcdef1234567890", customer_name="启明电机", team="电机一班", urgency="red", priority=3,
        operations=[
            Operation(sequence=n, name=name, work_center="WC", scan_code=f"{number}.{n}", good_quantity="0")
            for n, name in ((10, "绕线"), (20, "装配"))
        ],
        components=[Component(item_code="CU", item_name="铜线", required="150", unit="m")],
        shortages=[Shortage(item_name="铜线", item_code="CU", short="5", unit="m")],
    )  # fmt: skip


def order() -> Order:
    lines = [
        OrderLine(line_no=1, item_code="MOTOR-A", item_name="A电机", quantity="20", unit="台", unit_price="999.99")
    ]
    return Order(
        number="SO20261122-0001", source_ref="QM20260215", customer=Party(name="启明电机"), state="shipped",
        contact=Contact(name="王工", phone="13800001111"), due_date="2026-12-01", created_at=AT, lines=lines,
    )  # fmt: skip


def pictures(pdf: bytes, folder: Path) -> list[memoryview]:
    """Return the pages in grey, row by row, as a printer would put them on paper."""
    (folder / "x.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "x.pdf", "p"], cwd=folder, check=True)
    return [grey(path.read_bytes()) for path in sorted(folder.glob("p-*.pgm"))]


def grey(pgm: bytes) -> memoryview:
    """Return a PGM picture as rows of pixels."""
    _, size, _, pixels = pgm.split(b"\n", 3)
    width, height = map(int, size.split())
    return memoryview(pixels).cast("B", (height, width))


def said(pdf: bytes, folder: Path) -> str:
    """Return the text of the pages as a reader would copy it."""
    (folder / "x.pdf").write_bytes(pdf)
    found = subprocess.run(["pdftotext", "-layout", "x.pdf", "-"], cwd=folder, check=True, capture_output=True)
    return found.stdout.decode()


def codes(page: Any) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(page)}


@pytest.fixture
def desk(house: House) -> House:
    house.services.tell("GetOrder", GetOrderResponse(order=order()))
    return house


async def test_a_traveller_can_be_read_and_scanned(desk: House, tmp_path: Path) -> None:
    desk.services.tell("GetProductionOrder", GetProductionOrderResponse(production_order=job()))

    answer = await desk.call("GET", "/production-orders/PO20261122-0001/traveller.pdf", role="team_leader")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    (page,) = pictures(answer.content, tmp_path)
    assert codes(page) == {"PO20261122-0001", "PO20261122-0001.10", "PO20261122-0001.20"}
    height, width = page.shape or ()
    assert (round(width / DPI * 25.4), round(height / DPI * 25.4)) == (148, 210)  # A5, in mm
    text = said(answer.content, tmp_path)
    for wanted in ("A电机", "20 台", "2026-12-01", "QM20260215", "启明电机", "绕线", "装配", "铜线", "150 m",
                   "abcdef123456", "R-MOTOR", "缺料预警：铜线差5m"):  # fmt: skip
        assert wanted in text, wanted


async def test_many_travellers_share_a_file_two_to_a_sheet(desk: House, tmp_path: Path) -> None:
    numbers = [f"PO20261122-000{n}" for n in (3, 1, 2)]
    listed = ListProductionOrdersResponse(production_orders=[job(number) for number in sorted(numbers)])
    desk.services.tell("ListProductionOrders", listed)

    path = f"/production-orders/travellers.pdf?ids={','.join(numbers)}&layout=a4"
    answer = await desk.call("GET", path, role="planner")

    pages = pictures(answer.content, tmp_path)
    assert [{code for code in codes(page) if "." not in code} for page in pages] == [set(numbers[:2]), {numbers[2]}]
    assert list(desk.services.last("ListProductionOrders").request.numbers) == numbers


async def test_travellers_name_what_is_missing_and_what_was_not_said(desk: House) -> None:
    desk.services.tell("ListProductionOrders", ListProductionOrdersResponse(production_orders=[job()]))

    missing = await desk.call("GET", "/production-orders/travellers.pdf?ids=PO20261122-0001,PO9", role="planner")
    nothing = await desk.call("GET", "/production-orders/travellers.pdf", role="planner")
    many = await desk.call("GET", f"/production-orders/travellers.pdf?ids={','.join(map(str, range(101)))}")

    assert (missing.status_code, missing.json()["reason"]) == (404, "PRODUCTION_ORDERS_UNKNOWN")
    assert "PO9" in missing.json()["detail"]
    assert (nothing.status_code, nothing.json()["reason"]) == (422, "NOTHING_TO_PRINT")
    assert (many.status_code, many.json()["reason"]) == (422, "TOO_MANY_TO_PRINT")


async def test_names_are_words_never_markup(desk: House, tmp_path: Path) -> None:
    sly = job()
    sly.item_name = "#panic() *x* $1$ [a] \\ <b>"
    desk.services.tell("GetProductionOrder", GetProductionOrderResponse(production_order=sly))

    answer = await desk.call("GET", "/production-orders/PO20261122-0001/traveller.pdf")

    assert "#panic() *x* $1$ [a] \\ <b>" in said(answer.content, tmp_path)


async def test_without_a_chinese_font_the_answer_says_what_to_install(
    desk: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "PRESS", ("/bin/sh", "-c", f"cat >/dev/null; exit {NO_FONT}"))
    desk.services.tell("GetProductionOrder", GetProductionOrderResponse(production_order=job()))

    answer = await desk.call("GET", "/production-orders/PO20261122-0001/traveller.pdf")

    assert (answer.status_code, answer.json()["reason"]) == (503, "CHINESE_FONT_MISSING")
    assert "fonts-wqy-microhei" in answer.json()["detail"]
    assert press.chosen_font(["DejaVu Sans"]) is None


async def test_a_press_that_fails_or_hangs_is_no_500(desk: House, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.services.tell("GetProductionOrder", GetProductionOrderResponse(production_order=job()))
    monkeypatch.setattr(printing, "DEADLINE_SECONDS", 0.3)

    async def reason(command: str) -> tuple[int, str]:
        monkeypatch.setattr(printing, "PRESS", ("/bin/sh", "-c", command))
        answer = await desk.call("GET", "/production-orders/PO20261122-0001/traveller.pdf")
        return answer.status_code, answer.json()["reason"]

    assert await reason("cat >/dev/null; exit 9") == (503, "PRINTING_FAILED")
    assert await reason("exec sleep 60") == (503, "PRINTING_TOO_SLOW")


def tell_evidence(desk: House) -> None:
    moments = [
        StageEvent(stage="confirmed", at=AT),
        StageEvent(stage="shipped", at=Timestamp(seconds=AT.seconds + 86400)),
    ]
    dwells = [Dwell(stage="production", hours="20.5", working_hours="8"), Dwell(stage="inspection", hours="3.5")]
    told = GetOrderLeadTimeResponse(events=moments, dwells=dwells, longest_stage="production", now=AT)
    desk.services.tell("GetOrderLeadTime", told)
    entries = [TimelineEntry(at=AT, actor="zhang.san", what="OrderConfirmed")]
    desk.services.tell("GetTimeline", GetTimelineResponse(entries=entries))
    shipment = Shipment(number="SH20261122-0001", carrier="顺丰", tracking_numbers=["SF1", "SF2"], shipped_at=AT)
    desk.services.tell("ListShipments", ListShipmentsResponse(shipments=[shipment]))


def attached(pdf: bytes, folder: Path) -> bytes:
    (folder / "x.pdf").write_bytes(pdf)
    subprocess.run(["pdfdetach", "-saveall", "x.pdf"], cwd=folder, check=True)
    return (folder / "evidence.json").read_bytes()


async def test_the_evidence_names_people_times_and_a_hash_anybody_can_check(desk: House, tmp_path: Path) -> None:
    tell_evidence(desk)

    answer = await desk.call("GET", "/orders/SO20261122-0001/evidence.pdf", role="sales")

    text, source = said(answer.content, tmp_path), attached(answer.content, tmp_path)
    for wanted in ("SO20261122-0001", "zhang.san", "20.5 小时", "车间加工", "SF1", "SF2", "QM20260215"):
        assert wanted in text, wanted
    assert hashlib.sha256(source).hexdigest() in text
    facts = json.loads(source)
    assert facts["events"] == [{"at": "2026-11-18T11:06:40.000+00:00", "text": "确认订单", "actor": "zhang.san"}]
    assert "999.99" not in text + source.decode()
    assert "13800001111" not in text + source.decode()


async def test_the_shared_evidence_leaves_people_out(desk: House, tmp_path: Path) -> None:
    tell_evidence(desk)
    url = (await desk.call("GET", "/orders/SO20261122-0001/evidence-link", role="sales")).json()["url"]
    path = "/e/" + url.rsplit("/", 1)[1]

    shared = await desk.http.get(f"{desk.base}{path}/evidence.pdf")
    altered = await desk.http.get(f"{desk.base}{path}x/evidence.pdf")

    assert shared.headers["content-type"] == "application/pdf"
    assert "zhang.san" not in said(shared.content, tmp_path) + attached(shared.content, tmp_path).decode()
    assert altered.status_code == 404
    assert f"{path}/evidence.pdf" in (await desk.http.get(f"{desk.base}{path}")).text


async def test_a_shipping_note_says_what_is_inside_and_where_to_sign(desk: House, tmp_path: Path) -> None:
    lines = [ShipmentLine(order="SO20261122-0001", line_no=1, item_code="MOTOR-A", quantity="20", unit="台")]
    shipment = Shipment(number="SH20261122-0001", carrier="顺丰", tracking_numbers=["SF1"], lines=lines, shipped_at=AT)
    desk.services.tell("GetShipment", GetShipmentResponse(shipment=shipment))

    answer = await desk.call("GET", "/shipments/SH20261122-0001/note.pdf", role="warehouse")

    text = said(answer.content, tmp_path)
    for wanted in ("送货单", "启明电机", "王工", "QM20260215", "A电机", "SF1", "收货人签字"):
        assert wanted in text, wanted
    assert "13800001111" not in text
    assert codes(pictures(answer.content, tmp_path)[0]) == {"SH20261122-0001"}
