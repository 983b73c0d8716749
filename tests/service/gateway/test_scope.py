"""Lists, files and shipments show a salesperson alone nothing of a colleague's orders; everybody else sees them whole."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from orderhub.inventory.v1.inventory_pb2 import (
    ChangeShipmentResponse,
    GetShipmentResponse,
    ListReceiptsResponse,
    ListShipmentsResponse,
    Receipt,
    Shipment,
    ShipmentLine,
)
from orderhub.notify.v1.notify_pb2 import ListNotificationsResponse, Notification
from orderhub.order.v1.order_pb2 import GetTrackedOrderResponse, ListOrdersResponse, Order, SeeOrdersResponse
from orderhub.planning.v1.production_pb2 import (
    GetProductionOrderResponse,
    GetScanTargetResponse,
    ItemShortage,
    ListProductionOrdersResponse,
    ListShortagesResponse,
    ProductionOrder,
    WaitingDemand,
)

from chassis.sql import text
from gateway_service.housekeeping import forget_lookups
from gateway_service.limits import Limiter
from tests.service.gateway.conftest import House

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
ORDERS = ("SO1", "SO2", "")  # the caller's, a colleague's, none


def shipment(order: str) -> Shipment:
    lines = [ShipmentLine(order=order, line_no=1)] if order else []
    return Shipment(number=f"of-{order}", lines=lines)


LISTS: dict[str, tuple[str, Any]] = {
    "/notifications": (
        "ListNotifications",
        ListNotificationsResponse(notifications=[Notification(id=f"of-{one}", order_number=one) for one in ORDERS]),
    ),
    "/receipts": (
        "ListReceipts",
        ListReceiptsResponse(receipts=[Receipt(id=f"of-{one}", order_number=one) for one in ORDERS]),
    ),
    "/production-orders": (
        "ListProductionOrders",
        ListProductionOrdersResponse(
            production_orders=[ProductionOrder(id=f"of-{one}", order_number=one) for one in ORDERS]
        ),
    ),
    "/shipments": (
        "ListShipments",
        ListShipmentsResponse(shipments=[Shipment(id=f"of-{one}", lines=shipment(one).lines) for one in ORDERS]),
    ),
}


def _seen(request: Any) -> SeeOrdersResponse:
    return SeeOrdersResponse(orders=["SO1"] if "SO1" in request.orders else [])


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("role", "shown"), [("sales", ["SO1", ""]), ("sales_supervisor", list(ORDERS))])
async def test_a_list_without_a_filter_leaves_colleagues_orders_out(
    house: House, path: str, role: str, shown: list[str]
) -> None:
    house.services.tell(*LISTS[path])
    house.services.tell("SeeOrders", _seen)

    answer = await house.call("GET", path, role=role)

    assert [one["id"] for one in answer.json()["items"]] == [f"of-{one}" for one in shown]


@pytest.mark.parametrize(("method", "path"), [("GET", "/shipments/{}"), ("PATCH", "/shipments/{}")])
async def test_a_colleagues_shipment_is_absent(house: House, method: str, path: str) -> None:
    house.services.tell("SeeOrders", _seen)
    house.services.tell("GetShipment", lambda request: GetShipmentResponse(shipment=shipment(request.shipment)))
    house.services.tell("ChangeShipment", ChangeShipmentResponse(shipment=shipment("SO1")))
    more: dict[str, Any] = (
        {"json": {"tracking_numbers": ["SF1"]}, "headers": {"If-Match": '"1"'}} if method == "PATCH" else {}
    )

    refused = await house.call(method, path.format("SO2"), role="sales", **more)

    assert (refused.status_code, refused.json()["reason"]) == (404, "SHIPMENT_UNKNOWN")
    for name, role in (("SO1", "sales"), ("SO2", "sales_supervisor")):
        assert (await house.call(method, path.format(name), role=role, **more)).status_code == 200


OF_A_JOB = ("", "/scans", "/pieces", "/pick-list", "/shortages", "/traveller.pdf")


@pytest.mark.parametrize(
    "path",
    [*(f"/production-orders/{{}}{what}" for what in OF_A_JOB), "/scan-targets/{}", "/receipts?production_order={}",
     "/production-orders/travellers.pdf?ids={}"],
)  # fmt: skip
async def test_a_colleagues_production_order_is_absent(house: House, path: str) -> None:
    def job(name: str) -> ProductionOrder:
        return ProductionOrder(number=name, scan_code=name, order_number=name.replace("PO", "SO"), quantity="1")

    house.services.tell("SeeOrders", _seen)
    house.services.tell(
        "GetProductionOrder", lambda asked: GetProductionOrderResponse(production_order=job(asked.production_order))
    )
    house.services.tell(
        "ListProductionOrders",
        lambda asked: ListProductionOrdersResponse(production_orders=[job(name) for name in asked.numbers]),
    )
    house.services.tell(
        "GetScanTarget", lambda asked: GetScanTargetResponse(kind="production_order", number=asked.code)
    )

    refused = await house.call("GET", path.format("PO2"), role="sales")

    assert refused.status_code == 404, refused.text
    for name, role in (("PO1", "sales"), ("PO2", "sales_supervisor")):
        assert (await house.call("GET", path.format(name), role=role)).status_code == 200


async def test_a_file_is_for_who_kept_it_and_for_those_who_see_its_order(house: House) -> None:
    kept = await house.call("POST", "/attachments", role="clerk", files={"file": ("plan.png", PNG, "image/png")})
    path = f"/attachments/{kept.json()['id']}"

    assert (await house.call("GET", path, role="sales")).status_code == 404
    assert (await house.call("GET", path, role="sales_supervisor")).content == PNG
    house.services.tell("SeeOrders", SeeOrdersResponse(orders=["SO1"]))
    assert (await house.call("GET", path, role="sales")).content == PNG
    house.services.tell("SeeOrders", SeeOrdersResponse())
    own = await house.call("POST", "/attachments", role="sales", files={"file": ("plan.png", PNG, "image/png")})
    assert (await house.call("GET", f"/attachments/{own.json()['id']}", role="sales")).content == PNG


async def test_a_tracking_link_serves_the_files_of_its_order_only(house: House) -> None:
    mine, other = [
        (
            await house.call("POST", "/attachments", role="clerk", files={"file": ("p.png", PNG + end, "image/png")})
        ).json()
        for end in (b"1", b"2")
    ]
    house.services.tell("GetTrackedOrder", GetTrackedOrderResponse(number="SO1", attachment_ids=[mine["id"]]))

    served = await house.http.get(f"/track/some-long-token/attachments/{mine['id']}")
    assert (served.status_code, served.content) == (200, PNG + b"1")
    assert served.headers["Content-Disposition"].startswith("attachment;")
    assert (served.headers["Cache-Control"], served.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    for wanted in (other["id"], "nothing", mine["id"].upper() + "x"):
        refused = await house.http.get(f"/track/some-long-token/attachments/{wanted}")
        assert (refused.status_code, refused.json()["reason"]) == (404, "ATTACHMENT_NOT_FOUND")
    assert (await house.http.get(f"/track/x/attachments/{mine['id']}")).json()["reason"] == "TRACKING_LINK_UNKNOWN"


async def test_looking_for_orders_by_a_phone_number_spends_the_same_look_ups(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.gateway, "phone_limiter", Limiter(0.001, 3))
    house.services.tell("ListOrders", ListOrdersResponse(orders=[Order(number="SO1")]))
    paths = ("/orders?q=138 0013 8000", "/search?q=13800138000", "/customers?phone=13800138000")
    assert [(await house.call("GET", path, role="manager")).status_code for path in paths] == [200] * 3

    for path in paths:
        assert (await house.call("GET", path, role="manager")).status_code == 429
    assert (await house.call("GET", "/orders?q=SO2026", role="manager")).status_code == 200
    async with house.gateway.database.read() as connection:
        rows = await connection.execute(
            text("SELECT subject, phone_tail, found FROM phone_lookups WHERE subject = 'manager' ORDER BY id")
        )
    assert list(map(tuple, rows)) == [("manager", "8000", 1), ("manager", "8000", 1), ("manager", "8000", 0)]


@pytest.mark.parametrize("change", ["UPDATE phone_lookups SET subject = 'x'", "DELETE FROM phone_lookups"])
async def test_nobody_rewrites_the_record_of_look_ups(house: House, change: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with house.gateway.database.transaction() as unit:
            await unit.execute(text(change))


async def test_look_ups_leave_the_record_when_they_are_old_and_never_before(house: House) -> None:
    insert = text("""
    INSERT INTO phone_lookups (at, subject, phone_tail, phone_digest, found)
    SELECT now() - make_interval(days => day), day::text, '8000', '', 0 FROM unnest(ARRAY[1, 29, 31, 200]) AS t (day)
    """)
    async with house.gateway.database.transaction() as unit:
        await unit.execute(insert)

    async def left() -> list[str]:
        async with house.gateway.database.read() as connection:
            return list(
                (
                    await connection.execute(
                        text("SELECT subject FROM phone_lookups WHERE subject ~ '^[0-9]+$' ORDER BY at DESC")
                    )
                ).scalars()
            )

    assert await forget_lookups(house.gateway.database, 180) == 1
    assert await left() == ["1", "29", "31"]
    await forget_lookups(house.gateway.database, 0)
    assert await left() == ["1", "29"]


async def test_who_waits_for_goods_is_told_only_of_ones_own_orders(house: House) -> None:
    waiting = [WaitingDemand(order_number=number, customer_name="x") for number in ("SO1", "SO2")]
    house.services.tell(
        "ListShortages",
        ListShortagesResponse(shortages=[ItemShortage(item_code="W", waiting=waiting, waiting_count=2)]),
    )
    house.services.tell("SeeOrders", SeeOrdersResponse(orders=["SO1"]))

    [mine] = (await house.call("GET", "/shortages", role="sales")).json()["items"]
    [every] = (await house.call("GET", "/shortages", role="planner")).json()["items"]

    assert ([one["order_number"] for one in mine["waiting"]], mine["waiting_count"]) == (["SO1"], 2)
    assert [one["order_number"] for one in every["waiting"]] == ["SO1", "SO2"]
