"""Prices are absent for those who may not see them; a salesperson alone meets no colleague's order, live or not."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest
from orderhub.order.v1.order_pb2 import GetOrderResponse, ListOrdersResponse, Order, OrderLine

from chassis.principal import Principal
from chassis.sql import text
from gateway_service.permissions import PRICES, ROLES
from gateway_service.sight import stream_sight
from gateway_service.stream import Change, Listener
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import Refuse

ORDER = Order(number="SO1", lines=[OrderLine(line_no=1, item_code="A", unit_price="99.5")])


def _answer(request: Any) -> Any:
    return (
        GetOrderResponse(order=ORDER)
        if request.order == "SO1"
        else Refuse(grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND")
    )


@pytest.mark.parametrize("role", ROLES)
async def test_a_price_is_there_or_absent_by_role_wherever_an_order_is_shown(house: House, role: str) -> None:
    house.services.tell("GetOrder", GetOrderResponse(order=ORDER))
    house.services.tell("ListOrders", ListOrdersResponse(orders=[ORDER]))

    shown = [
        (await house.call("GET", "/orders/SO1", role=role)).json(),
        (await house.call("GET", "/orders", role=role)).json()["items"][0],
        (await house.call("GET", "/orders/SO1/overview", role=role)).json()["order"],
        (await house.call("GET", "/search?q=SO1", role=role)).json()["orders"][0],
    ]

    assert [("unit_price" in order["lines"][0]) for order in shown] == [role in PRICES] * 4
    assert ("99.5" in json.dumps(shown)) is (role in PRICES)


@pytest.mark.parametrize(
    "path",
    ["/orders/{}/plan", "/orders/{}/overview", "/orders/{}/shortages", "/orders/{}/promise", "/notifications?order={}",
     "/shipments?order={}", "/production-orders?order={}"],
)  # fmt: skip
async def test_what_hangs_on_a_colleagues_order_is_absent(house: House, path: str) -> None:
    house.services.tell("GetOrder", _answer)

    assert (await house.call("GET", path.format("SO2"), role="sales")).status_code == 404
    assert (await house.call("GET", path.format("SO1"), role="sales")).status_code == 200


async def test_the_live_stream_leaves_a_colleagues_orders_out(house: House) -> None:
    house.services.tell("GetOrder", _answer)
    sees = stream_sight(Principal("zhao", "user", frozenset({"sales"})), house.gateway.clients)
    listener = Listener(sees=sees)
    assert stream_sight(Principal("x", "user", frozenset({"sales", "planner"})), house.gateway.clients) is None

    def change(kind: str, order: str) -> Change:
        return Change("1", f"orderhub.order.v1.{kind}", order, "{}")

    seen = [await listener.may_see(change(*x)) for x in (("OrderConfirmed", "SO1"), ("OrderConfirmed", "SO2"),
                                                         ("CustomerChanged", ""), ("ChannelChanged", ""))]  # fmt: skip
    assert seen == [True, False, False, True]
    house.services.tell("GetOrder", GetOrderResponse(order=ORDER))
    assert not await listener.may_see(change("OrderConfirmed", "SO2"))  # asked once
    assert await listener.may_see(change("OrderChanged", "SO2"))  # its owner may be another now


async def test_phone_look_ups_are_few_a_minute_each_on_record_and_not_for_everybody(house: House) -> None:
    found = [(await house.call("GET", "/customers?phone=13800138000", role="clerk")).status_code for _ in range(20)]
    assert found == [200] * 20
    for path in ("/customers?phone=13800138000", "/search?q=13800138000"):
        refused = await house.call("GET", path, role="clerk")
        assert (refused.status_code, refused.json()["reason"]) == (429, "TOO_MANY_REQUESTS")
        assert int(refused.headers["Retry-After"]) >= 1
    assert (await house.call("GET", "/customers?q=qiming", role="clerk")).status_code == 200
    assert (await house.call("GET", "/customers?phone=13800138000", role="sales")).status_code == 200  # each their own
    assert (await house.call("GET", "/customers?phone=13800138000", role="planner")).status_code == 403

    async with house.gateway.database.read() as connection:
        rows = await connection.execute(
            text("SELECT subject, phone_tail, found FROM phone_lookups WHERE subject IN ('clerk', 'sales')")
        )
    assert sorted(map(tuple, rows)) == [("clerk", "8000", 0)] * 20 + [("sales", "8000", 0)]
